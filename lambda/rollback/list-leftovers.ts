/** What is left of the source that is not encrypted as it should be, and what to do about each: a list, nothing is touched. */

import type { Leftover } from '../contract/cutover';
import type { InstanceFacts } from '../contract/instance';
import type { Input, Output } from '../contract/payloads';
import { claimedCall, instanceFacts } from '../platform/payload';
import { type DescribedInstance, type DescribedSnapshot, findInstance, listSnapshots } from '../platform/rds';
import type { World } from '../platform/world';

/** Input of the step. */
export const listLeftoversInput = claimedCall.extend({ source: instanceFacts });

/** Most leftovers that travel in a state; all of them are in the evidence (fault 15). */
const LISTED = 20;

/** Asks RDS, and keeps the whole list as evidence. */
export async function listLeftovers(
  { source }: Input<'list-leftovers'>,
  world: World,
): Promise<Output<'list-leftovers'>> {
  const [instance, snapshots] = await Promise.all([findInstance(source.instanceId), listSnapshots(source.instanceId)]);
  const leftovers = leftoversOf(source, instance, snapshots, world.environment.keyArn);
  const report = await world.keepEvidence('leftovers', { leftovers });
  world.log.fact('leftovers listed', { count: leftovers.length });
  return { count: leftovers.length, leftovers: leftovers.slice(0, LISTED), report };
}

/** The list; pure. A snapshot under the wanted key is no leftover. */
export function leftoversOf(
  source: InstanceFacts,
  instance: DescribedInstance | null,
  snapshots: readonly DescribedSnapshot[],
  keyArn: string,
): Leftover[] {
  return [
    ...(instance === null ? [] : ofInstance(instance)),
    ...snapshots
      .filter(({ encryption }) => encryption.type !== 'sse-kms' || encryption.keyArn !== keyArn)
      .map(({ id, encryption }) => ({
        kind: 'snapshot' as const,
        name: id,
        encryption: encryption.type,
        remedy: `aws rds delete-db-snapshot --db-snapshot-identifier ${id}, when nobody needs it and the final encrypted copy is there`,
      })),
    {
      kind: 'retained automated backups',
      name: source.resourceId,
      encryption: 'unknown',
      remedy:
        'backups that were kept of a deleted instance: aws rds describe-db-instance-automated-backups --dbi-resource-id ' +
        `${source.resourceId}, then delete-db-instance-automated-backup`,
    },
  ];
}

function ofInstance({ facts, attached }: DescribedInstance): Leftover[] {
  const { instanceId, encryption, backupRetentionDays } = facts;
  const name = instanceId;
  return [
    {
      kind: 'instance',
      name,
      encryption: encryption.type,
      remedy:
        'when nobody will go back: turn off its deletion protection, then aws rds delete-db-instance ' +
        `--db-instance-identifier ${instanceId} --skip-final-snapshot --delete-automated-backups: the final snapshot exists, encrypted`,
    },
    ...(backupRetentionDays === 0
      ? []
      : [
          {
            kind: 'automated backups' as const,
            name,
            encryption: encryption.type,
            remedy: `${backupRetentionDays} days of them; they go with the instance unless they are retained`,
          },
        ]),
    ...attached.readReplicas.map((replica) => ({
      kind: 'read replica' as const,
      name: replica,
      encryption: encryption.type,
      remedy: `it follows a source that nobody writes to: point its readers at the target, then delete ${replica}`,
    })),
  ];
}
