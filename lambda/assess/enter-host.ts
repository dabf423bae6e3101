/** The first step over the threshold of a server that AWS does not manage: whoever is not let in is told by which line he would be. */
import { Blocked, NotReady } from '../errors';
import { HOME_DATABASE } from '../platform/names';
import type { Server, Session } from '../platform/postgres';
import { sqlStateOf } from '../platform/postgres-error';
import { SUPPORTED_MAJORS } from './checks/aws';
import { hbaLine, inPostgresqlConf } from './remedies';

/** Stands where only the server knows the address that it sees. */
const FROM_FUNCTIONS = '<each address that the functions come from>/32';

/**
 * Opens the home of server `name`. Throws `Blocked` for a refusal and for a major that nothing could be proved on, `NotReady` for
 * silence, both with what to change on the host.
 */
export async function enterHost(source: Server<'source'>, name: string): Promise<Session<'source'>> {
  const home = await source.home().catch((error: unknown) => {
    throw explained(error, name, source.username);
  });
  if (home.major >= SUPPORTED_MAJORS.from) return home;
  throw new Blocked(
    `server ${name} runs PostgreSQL ${home.major}, which does not say whether a slot has lost WAL (wal_status came with 13), so that ` +
      `nothing could be proved; upgrade it to a major from ${SUPPORTED_MAJORS.from} to ${SUPPORTED_MAJORS.to}`,
  );
}

/** The failure with the remedy; what has none of ours passes through. */
export function explained(error: unknown, name: string, username: string): unknown {
  const state = sqlStateOf(error);
  if (state === '28000') {
    const line = hbaLine(HOME_DATABASE, username, FROM_FUNCTIONS);
    return new Blocked(
      `server ${name} refuses role ${JSON.stringify(username)} over TLS (SQLSTATE 28000); its log names the address that it saw; ` +
        `in pg_hba.conf, one line for ${HOME_DATABASE} and one for each database: ${line}; and reload it: select pg_reload_conf()`,
      { cause: error },
    );
  }
  if (state === '28P01') {
    return new Blocked(
      `server ${name} refuses the password of role ${JSON.stringify(username)} (SQLSTATE 28P01), put the right one into the secret`,
      { cause: error },
    );
  }
  if (state !== undefined || !(error instanceof NotReady)) return error;
  const listening = inPostgresqlConf({ listen_addresses: '*' }, 'restart');
  const encrypted = inPostgresqlConf({ ssl: 'on', ssl_cert_file: 'server.crt', ssl_key_file: 'server.key' }, 'reload');
  return new NotReady(
    `server ${name} lets nobody in: ${error.message}; its firewall must admit the functions, it must listen for them (${listening}), ` +
      `and it must offer TLS (${encrypted})`,
    { cause: error },
  );
}
