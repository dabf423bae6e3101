/** What else AWS says that decides whether, and how well, a migration can run. */
import type { ParameterDifference, Surroundings } from '../contract/assessment';
import type { TargetSettings } from '../contract/settings';
import { findOffer, readQuotas, readUserParameters } from '../platform/rds-account';

/** A state holds 256 KiB (fault 15). */
const MOST_DIFFERENCES = 50;

/** Parameters that differ on every migration, because Sealift sets them on the target for its promise and its streams. */
const SET_BY_SEALIFT: ReadonlySet<string> = new Set([
  'max_replication_slots',
  'max_wal_senders',
  'max_logical_replication_workers',
  'max_worker_processes',
  'max_slot_wal_keep_size',
  'rds.force_ssl',
  'rds.logical_replication',
  'password_encryption',
  'log_statement',
  'log_min_error_statement',
  'log_min_duration_statement',
  'log_parameter_max_length',
  'log_parameter_max_length_on_error',
  'pg_stat_statements.track_utility',
]);

/** Asks RDS for offer, quotas and parameters; `sourceGroups` are the names of the source's parameter groups. */
export async function readSurroundings(
  source: Surroundings['source'],
  sourceGroups: readonly string[],
  target: TargetSettings,
): Promise<Surroundings> {
  const [offer, quotas, ofTarget, ...ofSource] = await Promise.all([
    findOffer(target),
    readQuotas(),
    readUserParameters(target.parameterGroup),
    ...sourceGroups.map(readUserParameters),
  ]);
  const sources = new Map(ofSource.flatMap((group) => [...(group ?? [])]));
  return {
    inspectedAt: new Date().toISOString(),
    source,
    target,
    offer,
    quotas,
    parameters: differences(sources, ofTarget ?? new Map()).slice(0, MOST_DIFFERENCES),
  };
}

/** Parameters that one side sets and the other has another value for, those that Sealift sets left out, by name. */
export function differences(
  source: ReadonlyMap<string, string>,
  target: ReadonlyMap<string, string>,
): readonly ParameterDifference[] {
  const names = [...new Set([...source.keys(), ...target.keys()])].filter((name) => !SET_BY_SEALIFT.has(name)).sort();
  return names
    .map((name) => ({ name, source: source.get(name) ?? null, target: target.get(name) ?? null }))
    .filter((each) => each.source !== each.target);
}
