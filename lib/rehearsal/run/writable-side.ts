/** Asks both servers, as the application, whether it may write: exactly one of them must say yes. */
import type { WritableSide } from '../report/report';
import type { PostgresServer } from '../servers/postgres-server';
import type { WriterDatabase } from '../writers/protocol';
import { connect } from './master-session';

/** Which side lets the application write; a side that lets it into one database only counts as writable. */
export async function findWritableSide(
  source: PostgresServer,
  target: PostgresServer | null,
  databases: readonly WriterDatabase[],
): Promise<WritableSide> {
  const onSource = await mayWrite(source, databases);
  const onTarget = target !== null && (await mayWrite(target, databases));
  if (onSource && onTarget) return 'both';
  if (onSource) return 'source';
  return onTarget ? 'target' : 'neither';
}

async function mayWrite(server: PostgresServer, databases: readonly WriterDatabase[]): Promise<boolean> {
  if (!server.running) return false;
  const answers = await Promise.all(databases.map((database) => tryWrite(server, database)));
  return answers.includes(true);
}

/** Writes and rolls back; every failure is a no, whatever stands behind it. */
async function tryWrite(server: PostgresServer, { database, user, password }: WriterDatabase): Promise<boolean> {
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
