/** What must be true of a newborn instance before any change flows to it (faults 78, 79, 81, 82; security 23 to 25). */
import type { DescribedInstance } from '../platform/rds';

/** What the source and the configuration demand of the target. */
export interface Demands {
  readonly keyArn: string;
  /** Of the source when the target grows from its snapshot, else the configured one; the majors must be equal. */
  readonly engineVersion: string;
}

/** Something that is not as it must be. `passes`: it becomes so by itself, ask again. */
export interface Shortfall {
  readonly passes: boolean;
  readonly text: string;
}

/** Compares the instance with everything that a restore or a template may silently leave out (facts E13); empty when all is as demanded. */
export function shortfalls(
  { facts, endpoint, masterSecretStatus }: DescribedInstance,
  demands: Demands,
): readonly Shortfall[] {
  const { encryption, parameterGroups } = facts;
  const expected: Shortfall[] = [];
  const demand = (what: string, wanted: string, found: string, passes = false) => {
    if (wanted !== found) expected.push({ passes, text: `${what} should be ${wanted}, found ${found}` });
  };
  demand('engine', 'postgres', facts.engine);
  demand('major version', majorOf(demands.engineVersion), majorOf(facts.engineVersion));
  demand('encryption type', 'sse-kms', encryption.type);
  demand('encryption key', demands.keyArn, encryption.keyArn ?? 'none');
  demand('public access', 'off', facts.publiclyAccessible ? 'on' : 'off');
  demand('deletion protection', 'on', facts.deletionProtection ? 'on' : 'off');
  demand('an endpoint', 'present', endpoint === null ? 'missing' : 'present', true);
  demand('number of parameter groups', '1', String(parameterGroups.length));
  for (const { name, applyStatus } of parameterGroups) {
    demand('parameter group', 'our own', name.startsWith('default.') ? name : 'our own');
    demand(`parameter group ${name}`, 'in-sync', applyStatus, applyStatus === 'applying');
  }
  const secret = masterSecretStatus ?? 'not managed by RDS';
  demand('master user secret', 'active', secret, ['creating', 'rotating'].includes(secret));
  return expected;
}

function majorOf(version: string): string {
  return version.split('.')[0] ?? version;
}
