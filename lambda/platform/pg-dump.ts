/** pg_dump, without its binary: what it writes about a database of ours. */
import { DatabaseError } from 'pg';
import { type DumpLimits, runPgDump } from './pg-dump-bridge';
import type { Session } from './postgres';
import { translate } from './postgres-error';

/**
 * What pg_dump writes with `args`, which name no database and no server: it speaks through `session`, which is at its end
 * then. The package adds `--inserts`, so nothing but schemas should be dumped. Failures come translated.
 */
export async function pgDump(session: Session, args: readonly string[], limits: DumpLimits): Promise<string> {
  try {
    return await runPgDump(session.handOver(), args, limits);
  } catch (error) {
    if (!(error instanceof DatabaseError)) throw error;
    throw translate(`pg_dump of ${session.side} database ${JSON.stringify(session.database)}`, error);
  }
}
