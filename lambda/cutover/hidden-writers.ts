/**
 * Writers that open no session beforehand: jobs of pg_cron, and foreign servers that may lead back here (fault 71). What another
 * server is told to write here by a mapping of its own cannot be seen from the source; it comes as a session like any other.
 */
import { Blocked } from '../errors';
import { HOME_DATABASE } from '../platform/names';
import type { Job, Loophole } from './sql/outlook';
import * as sql from './sql/outlook';
import type { Stage } from './stage';

/** Most jobs that a message names. */
const NAMED = 5;

/** Throws `Blocked` naming jobs that would run through the fence; warns of foreign servers whose sessions it could not refuse. */
export async function assertNoHiddenWriters(stage: Stage): Promise<void> {
  const jobs: string[] = [];
  for (const name of new Set([...stage.names, HOME_DATABASE])) {
    const session = await stage.source.session(name);
    const loopholes = await session.query<Loophole>(sql.mappedBeyondTheFence);
    for (const { server, username } of loopholes) {
      stage.world.log.warning('foreign server logs in as a role that no fence refuses', {
        database: name,
        server,
        username,
      });
    }
    const { readable } = await session.one<{ readable: boolean }>(sql.jobsReadable);
    if (!readable) continue;
    const found = await session.query<Job>(sql.unstoppableJobs);
    jobs.push(...found.map(({ id, role, database }) => `job ${id} of ${role} in ${JSON.stringify(database)}`));
  }
  if (jobs.length === 0) return;
  throw new Blocked(
    `pg_cron runs jobs on the source that no fence refuses: ${jobs.slice(0, NAMED).join(', ')}; switch them off until the migration ` +
      'has ended (update cron.job set active = false where jobid = …), or let roles of applications own them',
  );
}
