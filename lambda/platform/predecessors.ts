/** Ends what a dead invocation of the same step left running, before its successor acts (zombie rule, facts F10, F11). */
import { endSessions } from './end-sessions';
import { applicationPrefix, migrationPrefix } from './names';
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

/**
 * Tells the sessions of a migration that belong to an earlier epoch to end. Returns one row per backend, walsenders included;
 * the epoch is the fourth part of the name, and `0` in sessions that hold no claim, which stay.
 */
function terminateEarlierEpochs(prefix: string, epoch: string): Statement {
  return {
    text: `select pg_terminate_backend(pid) as terminated
      from pg_stat_activity
      where pid <> pg_backend_pid()
        and usename = current_user
        and starts_with(application_name, $1)
        and case when split_part(application_name, '/', 4) ~ '^[0-9]+$'
          then split_part(application_name, '/', 4)::numeric between 1 and $2::numeric - 1
          else false end`,
    values: [prefix, epoch],
  };
}

/**
 * Ends every session of the migration that belongs to an epoch before `epoch`, and waits until it is gone: what it had begun is
 * done or undone then. Returns how many there were. Throws `NotReady` when one stays.
 */
export async function endEarlierEpochs(session: Session, migrationId: string, epoch: string): Promise<number> {
  const terminate = terminateEarlierEpochs(migrationPrefix(migrationId), epoch);
  return endSessions(session, terminate, 'sessions of an earlier epoch');
}
