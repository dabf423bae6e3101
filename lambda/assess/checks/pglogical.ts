/** Checks of what engine pglogical needs (facts C). */
import type { Check } from '../../contract/assessment';
import type { Policy } from '../../contract/settings';
import { block, type CheckId, listed, pass, warn } from '../check';
import { located, where } from '../located';
import { inPostgresqlConf, type SourceKind, type WantedSettings } from '../remedies';
import type { DatabaseSurvey, ServerSurvey } from '../survey';

/** All of them; they pass with any other engine. */
export function pglogicalChecks(
  { pglogical: found }: Pick<ServerSurvey, 'pglogical'>,
  databases: readonly DatabaseSurvey[],
  policy: Policy,
  kind: SourceKind = 'rds',
): readonly Check[] {
  if (policy.engine !== 'pglogical') {
    const ids: readonly CheckId[] = ['pglogical-server', 'pglogical-keys', 'pglogical-truncates'];
    return ids.map((id) => pass(id, 'the engine is native'));
  }
  return [server(found, databases.length, kind), keys(databases, policy), truncates(databases)];
}

/** Older ones crash or know no later major; both sides speak what the older one knows. */
const LEAST = [2, 4] as const;

/** A reboot is downtime, so it is said (facts E3). */
function server(
  { loaded, offered, workerProcesses }: ServerSurvey['pglogical'],
  databases: number,
  kind: SourceKind,
): Check {
  const id = 'pglogical-server';
  const wrong: string[] = [];
  const wanted: Record<string, string | number> = {};
  const libraries = (loaded ?? '').split(',').map((library) => library.trim());
  if (loaded !== null && !libraries.includes('pglogical')) {
    wrong.push(`shared_preload_libraries is ${JSON.stringify(loaded)}`);
    wanted.shared_preload_libraries = [...libraries.filter(Boolean), 'pglogical'].join(',');
  }
  // A supervisor, and a manager for each database.
  const workers = databases + 1;
  if (workerProcesses < workers) {
    wrong.push(`max_worker_processes is ${workerProcesses}, ${workers} are needed`);
    wanted.max_worker_processes = workers + 8;
  }
  const old = offered === null || !isNewEnough(offered);
  if (old) wrong.push(`pglogical is offered in version ${offered ?? 'none'}, ${LEAST.join('.')} is needed`);
  if (wrong.length > 0) {
    const remedies = [...settingsRemedy(wanted, kind), ...(old ? [versionRemedy(kind)] : [])];
    return block(id, wrong.join('; '), remedies.join('; '));
  }
  if (loaded === null) return warn(id, 'which libraries are loaded may not be seen', 'grant pg_read_all_settings');
  return pass(id, `pglogical ${offered} is loaded and can be installed`);
}

function settingsRemedy(wanted: WantedSettings, kind: SourceKind): readonly string[] {
  if (Object.keys(wanted).length === 0) return [];
  if (kind === 'server') return [inPostgresqlConf(wanted, 'restart')];
  const lines = Object.entries(wanted).map(([name, value]) => `set ${name} to ${value}`);
  return [`${lines.join(', ')} in the source's parameter group and reboot it: downtime`];
}

function versionRemedy(kind: SourceKind): string {
  if (kind === 'server') return "install a newer pglogical from the host's packages, or configure engine native";
  return 'upgrade the source to a minor version that offers it, or configure engine native';
}

function isNewEnough(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > LEAST[0] || (major === LEAST[0] && minor >= LEAST[1]);
}

function keys(databases: readonly DatabaseSurvey[], { missingReplicaIdentity: allowed }: Policy): Check {
  const id = 'pglogical-keys';
  const deferrable = located(databases, ({ pglogical }) => pglogical.deferrable);
  if (deferrable.length > 0) {
    const remedy = 'make their constraints again without DEFERRABLE, because apply on the target stops at them';
    return block(id, `unique indexes are deferrable: ${listed(deferrable.map(where))}`, remedy);
  }
  const found = located(databases, ({ pglogical }) => pglogical.withoutKey);
  if (found.length === 0) return pass(id, 'every table has a key as its replica identity');
  const what = `tables have no key as their replica identity: ${listed(found.map(where))}`;
  const add = 'add a primary key or a unique index over NOT NULL columns';
  if (allowed === 'block') return block(id, what, `${add}, or allow policy.missingReplicaIdentity full`);
  const keyless = found.filter(({ couldHave }) => !couldHave);
  if (keyless.length === 0) return warn(id, what, 'a key that they have will be their identity for the migration');
  const none = `tables have no key: ${listed(keyless.map(where))}`;
  if (allowed === 'full') {
    return block(id, none, `${add}, or let new rows alone follow with policy.missingReplicaIdentity insert-only`);
  }
  return warn(
    id,
    none,
    'new rows alone will follow: change and delete none while the migration runs, the cutover would refuse',
  );
}

function truncates(databases: readonly DatabaseSurvey[]): Check {
  const id = 'pglogical-truncates';
  const found = located(databases, ({ pglogical }) => pglogical.referenced);
  if (found.length === 0) return pass(id, 'no foreign key stands in the way of a TRUNCATE');
  const remedy = 'truncate none of them while the migration runs, delete their rows instead: apply would stop';
  return warn(id, `foreign keys point to tables, which apply cannot truncate: ${listed(found.map(where))}`, remedy);
}
