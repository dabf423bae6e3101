/**
 * Asks both servers, as the application, whether it may write: exactly one of them must say yes. A copy that follows nobody and
 * that the record does not lead to is no side but a leftover: a seed that was refused leaves one, before its logins were closed.
 */
import type { WritableSide } from '../report/report';
import type { PostgresServer } from '../servers/postgres-server';
import type { WriterDatabase } from '../writers/protocol';
import { connect } from './master-session';
import type { SourceServer } from './source';

/** Who is asked. */
export interface Sides {
  readonly source: SourceServer;
  /** Null before the restore. */
  readonly target: PostgresServer | null;
  /** Where the record leads. */
  readonly live: 'source' | 'target';
  /** The target was live before. */
  readonly wasLive: boolean;
  readonly databases: readonly WriterDatabase[];
}

/** Which side lets the application write; a side that lets it into one database only counts as writable. */
export async function findWritableSide({ source, target, live, wasLive, databases }: Sides): Promise<WritableSide> {
  const onSource = await mayWrite(source, databases);
  const isSide = target !== null && (live === 'target' || wasLive || (await followsSomebody(target)));
  const onTarget = isSide && (await mayWrite(target, databases));
  if (onSource && onTarget) return 'both';
  if (onSource) return 'source';
  return onTarget ? 'target' : 'neither';
}

async function followsSomebody(server: PostgresServer): Promise<boolean> {
  if (!server.running) return false;
  return server.withAdmin('postgres', async (session) => {
    const { rows } = await session.query<{ follows: boolean }>(
      'select exists (select from pg_subscription) as follows',
    );
    return rows[0]?.follows ?? false;
  });
}

async function mayWrite(server: SourceServer, databases: readonly WriterDatabase[]): Promise<boolean> {
  if (!server.running) return false;
  const answers = await Promise.all(databases.map((database) => tryWrite(server, database)));
  return answers.includes(true);
}

/** Writes and rolls back; every failure is a no, whatever stands behind it. */
async function tryWrite(server: SourceServer, { database, user, password }: WriterDatabase): Promise<boolean> {
  try {
    const client = await connect(server, { user, password }, database);
    try {
      await client.query('begin; insert into rehearsal.writes (writer, number) values (0, 0); rollback');
      return true;
    } finally {
      await client.end().catch(() => undefined);
    }
  } catch {
    return false;
  }
}
