/** What the choice of the road allows in other fields. */
import { copy } from './copy-schema';
import { type ConfigPath, type Problem, quoteValue } from './problem';
import { type Section, sectionOf } from './raw-section';

/** What a snapshot road would leave unused, with the values that say nothing. */
const COPY_DEFAULTS: Section = copy.parse({});

/** Lists every disagreement of `road` with other fields; a field of the wrong shape has been reported already. */
export function ofRoad(top: Section): Problem[] {
  return [...(top.road === 'copy' ? onTheCopyRoad(top) : onTheSnapshotRoad(top)), ...ofEngine(top)];
}

/** Rows that came over connections were read one by one, and their blocks are new: there is nothing left to scan for. */
function onTheCopyRoad(top: Section): Problem[] {
  const problems: Problem[] = [];
  const { on } = sectionOf(top.scan);
  if (on === 'target') {
    problems.push({
      path: ['scan', 'on'],
      got: quoteValue(on),
      allowed: '"source" on the copy road: damage does not travel with rows, and is found where it is',
    });
  }
  const { masterUsername = 'postgres' } = sectionOf(top.target);
  const { passwords } = sectionOf(top.copy);
  if (typeof masterUsername === 'string' && Object.hasOwn(sectionOf(passwords), masterUsername)) {
    problems.push({
      path: ['copy', 'passwords', masterUsername],
      got: quoteValue(sectionOf(passwords)[masterUsername]),
      allowed: 'no master user of the target: RDS keeps its password in a secret of its own',
    });
  }
  return problems;
}

/** pglogical's parameters are Sealift's: a row that is there already must stop apply, and not be overwritten (facts C8, C19). */
export const PGLOGICAL_PARAMETERS: Readonly<Record<string, string>> = {
  'pglogical.conflict_resolution': 'error',
  track_commit_timestamp: '0',
};

/** pglogical cannot begin at the LSN of a snapshot, and knows rows by their keys alone (facts C6, C12). */
function ofEngine(top: Section): Problem[] {
  const problems: Problem[] = [];
  const { missingReplicaIdentity } = sectionOf(top.policy);
  if (top.engine !== 'pglogical') {
    if (missingReplicaIdentity !== 'insert-only') return [];
    const path = ['policy', 'missingReplicaIdentity'];
    return [
      { path, got: quoteValue(missingReplicaIdentity), allowed: '"full" or "block" without "engine": "pglogical"' },
    ];
  }
  if (top.road !== 'copy') {
    problems.push({ path: ['engine'], got: quoteValue(top.engine), allowed: '"native" without "road": "copy"' });
  }
  const { windowHours = 0 } = sectionOf(top.rollback);
  if (windowHours !== 0) {
    const path = ['rollback', 'windowHours'];
    problems.push({
      path,
      got: quoteValue(windowHours),
      allowed: '0 with "engine": "pglogical", which has no way back yet',
    });
  }
  for (const [name, value] of Object.entries(sectionOf(sectionOf(top.target).parameters))) {
    const wanted = Object.hasOwn(PGLOGICAL_PARAMETERS, name) ? PGLOGICAL_PARAMETERS[name] : undefined;
    if (wanted === undefined || value === wanted) continue;
    const path = ['target', 'parameters', name];
    problems.push({ path, got: quoteValue(value), allowed: `only ${quoteValue(wanted)} with "engine": "pglogical"` });
  }
  return problems;
}

/** A choice that nothing reads was meant for something. */
function onTheSnapshotRoad(top: Section): Problem[] {
  const given = sectionOf(top.copy);
  return Object.keys(COPY_DEFAULTS)
    .filter((field) => field in given && JSON.stringify(given[field]) !== JSON.stringify(COPY_DEFAULTS[field]))
    .map((field) => {
      const path: ConfigPath = ['copy', field];
      return {
        path,
        got: quoteValue(given[field]),
        allowed: 'nothing without "road": "copy", which alone copies rows',
      };
    });
}
