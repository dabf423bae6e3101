/** What is left of the source that is not encrypted as it should be, and what to do about each: a list, nothing is touched. */

import type { Leftover } from '../contract/cutover';
import type { HostFacts, InstanceFacts } from '../contract/instance';
import type { Input, Output } from '../contract/payloads';
import { claimedCall, serverFacts } from '../platform/payload';
import { type DescribedInstance, type DescribedSnapshot, findInstance, listSnapshots } from '../platform/rds';
import type { World } from '../platform/world';

/** Input of the step. */
export const listLeftoversInput = claimedCall.extend({ source: serverFacts });

/** Most leftovers that travel in a state; all of them are in the evidence (fault 15). */
const LISTED = 20;

/** Asks RDS, and keeps the whole list as evidence. */
export async function listLeftovers(
  { source }: Input<'list-leftovers'>,
  world: World,
): Promise<Output<'list-leftovers'>> {
  const leftovers = source.kind === 'server' ? leftoversOnHost(source) : await ofRds(source, world.environment.keyArn);
  const report = await world.keepEvidence('leftovers', { leftovers });
  world.log.fact('leftovers listed', { count: leftovers.length });
  return { count: leftovers.length, leftovers: leftovers.slice(0, LISTED), report };
}

async function ofRds(source: InstanceFacts, keyArn: string): Promise<Leftover[]> {
  const [instance, snapshots] = await Promise.all([findInstance(source.instanceId), listSnapshots(source.instanceId)]);
  return leftoversOf(source, instance, snapshots, keyArn);
}

/** What a server of somebody's own leaves: AWS knows neither its disks nor its backups, and no last snapshot of it was taken. */
export function leftoversOnHost({ instanceId: name }: HostFacts): Leftover[] {
  const unseen = { name, encryption: 'unknown' } as const;
  return [
    {
      ...unseen,
      kind: 'data directory',
      remedy:
        'data directory, tablespaces and WAL lie on the disks of the host as they were, and no last snapshot was taken: keep a backup ' +
        'of your own, encrypted, then stop the server and erase the disks when nobody will go back',
    },
    {
      ...unseen,
      kind: 'backups of its own',
      remedy:
        'base backups, archived WAL and dumps, wherever they are kept: encrypt or delete them when nobody needs them',
    },
    {
      ...unseen,
      kind: 'standbys',
      remedy:
        'servers that follow it hold the same data: point their readers at the target, then stop them and erase their disks',
    },
  ];
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
