/** Checks of code that runs by itself: during apply, in generated columns, by the clock (facts B1, B22; faults 46, 71). */
import type { Check } from '../../contract/assessment';
import type { Policy } from '../../contract/settings';
import { ident, literal, qualified } from '../../platform/quote';
import { listed, pass, statements, warn } from '../check';
import { inDatabase, located, where } from '../located';
import type { DatabaseSurvey } from '../survey';
import type { Job } from '../survey-content';

/** Jobs and the database that keeps them; null without pg_cron. */
export interface FoundJobs {
  readonly database: string;
  readonly jobs: readonly Job[];
}

/** All of them. */
export function codeChecks(
  databases: readonly DatabaseSurvey[],
  jobs: FoundJobs | null,
  road: Policy['road'],
): readonly Check[] {
  return [searchPath(databases), generatedColumns(databases), activeJobs(jobs, road)];
}

/** Apply runs with an empty search_path, so that such a function fails and apply stops at the first row (facts B22). */
function searchPath(databases: readonly DatabaseSurvey[]): Check {
  const id = 'search-path';
  const found = located(databases, ({ content }) => content.searchPathFunctions);
  if (found.length === 0) return pass(id, 'no function that apply calls depends on the search_path');
  const what = found.map((each) => `${where(each)}(${each.arguments}) names ${each.names.join(', ')} without a schema`);
  const heals = found.map((each) => {
    const path = [...each.path.map(ident), 'pg_temp'].join(', ');
    const name = `${qualified(each.schema, each.name)}(${each.arguments})`;
    return inDatabase(each.database, `alter function ${name} set search_path = ${path}`);
  });
  return warn(id, `functions of checks, indexes, generated columns or triggers: ${listed(what)}`, statements(heals));
}

/** What PostgreSQL computes by itself it computes alike; a user's function may read what differs. */
function generatedColumns(databases: readonly DatabaseSurvey[]): Check {
  const id = 'generated-columns';
  const all = located(databases, ({ content }) => content.generatedColumns);
  const risky = all.filter((column) => column.callsFunction);
  if (risky.length === 0) return pass(id, `${all.length} generated columns, all by functions of PostgreSQL`);
  return warn(
    id,
    `generated columns that call functions of users: ${listed(risky.map((each) => `${where(each)} column ${ident(each.column)}`))}`,
    'the target computes them anew: see that the functions are immutable indeed; a difference is found by the verification',
  );
}

/** A job is no login: the fence does not stop what a background worker of RDS starts, and the copy has the jobs as well. */
function activeJobs(found: FoundJobs | null, road: Policy['road']): Check {
  const id = 'jobs';
  if (found === null || found.jobs.length === 0) return pass(id, 'no job of pg_cron is active');
  const { database, jobs } = found;
  const what = jobs.map(
    (job) =>
      `${job.id} ${job.name === '' ? 'without a name' : JSON.stringify(job.name)} of ${job.role} in ${job.database}, ${job.schedule}`,
  );
  const heals = jobs.map((job) =>
    inDatabase(database, `update cron.job set active = false where jobid = ${literal(job.id)}`),
  );
  return warn(
    id,
    `jobs of pg_cron, which run on the source behind the fence and ${road === 'copy' ? 'are not made on the target' : 'on the copy before the switch'}: ${listed(what)}`,
    statements(heals, 10),
  );
}
