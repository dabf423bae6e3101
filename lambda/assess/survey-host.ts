/** Gathers what only a server that AWS does not manage has to answer for. */
import type { Server, Session } from '../platform/postgres';
import type { HbaRule } from './client-authentication';
import * as sql from './sql/host';

/** What such a server says of itself. */
export interface HostSurvey {
  readonly listenAddresses: string;
  readonly passwordEncryption: string;
  /** Address of the function, as the server sees it. */
  readonly clientAddress: string | null;
  readonly maxConnections: number;
  /** Kept for superusers and, from 16, for members of pg_use_reserved_connections. */
  readonly reservedConnections: number;
  readonly usedConnections: number;
  readonly workerProcesses: number;
  /** Null when the master user may not read them. */
  readonly rules: readonly HbaRule[] | null;
  /** Logins whose names pass for RDS's own. */
  readonly reservedLogins: readonly string[];
  /** SQLSTATE with which a replication connection to each database was refused, null where it was let in. */
  readonly handshakes: readonly { readonly database: string; readonly refusedWith: string | null }[];
}

/** Reads settings and rules, and opens a replication connection to each of `databases`, as slots and streams will. */
export async function surveyHost(source: Server, home: Session, databases: readonly string[]): Promise<HostSurvey> {
  const settings = await home.one<Omit<HostSurvey, 'rules' | 'reservedLogins' | 'handshakes'>>(sql.hostSettings);
  const { readable } = await home.one<{ readable: boolean }>(sql.mayReadRules);
  const rules = readable ? await home.query<HbaRule>(sql.authenticationRules) : null;
  const reserved = await home.query<{ name: string }>(sql.reservedLogins);
  const handshakes: { database: string; refusedWith: string | null }[] = [];
  for (const database of databases) {
    handshakes.push({ database, refusedWith: await source.replicationRefusal(database) });
  }
  return { ...settings, rules, reservedLogins: reserved.map(({ name }) => name), handshakes };
}
