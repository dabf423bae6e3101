/**
 * What a migration that was released may have left in AWS, and what to do about each. The release speaks to databases alone, so this
 * says what Sealift could have made by then, by its name; whoever follows it finds what is there. Nothing of it is deleted here.
 */
import { encryptedSnapshotName, snapshotName } from '../platform/names';
import type { World } from '../platform/world';

/** Something in AWS that outlives a release, where it was made at all. */
export interface LeftInAws {
  readonly kind: 'instance' | 'stack' | 'snapshot';
  readonly name: string;
  /** What to do about it; the list is in the order in which it is to be done. */
  readonly remedy: string;
}

/** The list; pure. Seeds are too old for the slots of a new run (docs/runbook.md, Starting over); a baseline serves it again. */
export function leftInAws({ migrationId, environment }: Pick<World, 'migrationId' | 'environment'>): LeftInAws[] {
  const { targetInstance, targetStack, policy } = environment;
  const snapshot = (name: string, when: string): LeftInAws => ({
    kind: 'snapshot',
    name,
    remedy: `${when}: aws rds delete-db-snapshot --db-snapshot-identifier ${name}`,
  });
  const seeds = [snapshotName(migrationId, 'seed'), encryptedSnapshotName(migrationId, 'seed')];
  const baselines = [snapshotName(migrationId, 'baseline'), encryptedSnapshotName(migrationId, 'baseline')];
  const ofBaseline = (name: string): LeftInAws =>
    snapshot(name, 'when nobody will ask for what was pruned; the next run does not mind it');
  // No snapshot can be taken of a server that AWS does not manage.
  const taken = environment.sourceEndpoint === undefined ? baselines : [];
  if (policy.road === 'copy') return [emptied(targetInstance), ...taken.map(ofBaseline)];
  return [
    {
      kind: 'instance',
      name: targetInstance,
      remedy:
        'before the next run: turn off its deletion protection, then aws rds delete-db-instance ' +
        `--db-instance-identifier ${targetInstance} --skip-final-snapshot`,
    },
    {
      kind: 'stack',
      name: targetStack,
      remedy:
        'when the instance was made: delete the stack behind it, and deploy it again with the seed none before the next run; else ' +
        'leave it as it is',
    },
    ...seeds.map((name) => snapshot(name, 'before the next run')),
    ...baselines.map(ofBaseline),
  ];
}

/** On the copy road nothing is too old: a half-made target is put back to empty. */
function emptied(targetInstance: string): LeftInAws {
  return {
    kind: 'instance',
    name: targetInstance,
    remedy: 'nothing before the next run, which empties it and fills it again; it costs money until then',
  };
}
