/** Ends what a dead invocation of the same step left running, before its successor acts (zombie rule, facts F10, F11). */
import { applicationPrefix } from './names';
import type { Session, Statement } from './postgres';

/**
 * Terminates older client backends whose application name starts with `prefix`. Returns one row per backend. Parallel
 * workers and detached statements are not client backends of that name and stay.
 */
function terminateOlder(prefix: string): Statement {
  return {
    text: `select pg_terminate_backend(other.pid) as terminated
      from pg_stat_activity other, pg_stat_activity own
      where own.pid = pg_backend_pid() and other.pid <> own.pid
        and other.usename = own.usename
        and starts_with(other.application_name, $1)
        and other.backend_start < own.backend_start`,
    values: [prefix],
  };
}

/** Ends the older sessions of `step` on this server and returns how many there were. */
export async function endPredecessors(session: Session, migrationId: string, step: string): Promise<number> {
  return (await session.query(terminateOlder(applicationPrefix(migrationId, step)))).length;
}
