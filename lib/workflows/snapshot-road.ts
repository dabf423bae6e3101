/**
 * The snapshot road: publication, slot, snapshot, encrypted copy, target, in this order, because the order is the proof (facts A):
 *
 *   Prepare the source -> Take the snapshot <-> wait -> Encrypt the snapshot <-> wait -> Create the target <-> wait
 *     -> Adopt the target -> Subscribe
 */
import type { IChainable } from 'aws-cdk-lib/aws-stepfunctions';
import type { StepName } from '../../lambda/contract';
import { ENCRYPT_POLL, SNAPSHOT_POLL, TARGET_POLL } from './poll';
import { ALL, type Seeding, SOURCE, SOURCE_DATABASES } from './seeding';
import { countRound } from './states';

/** The steps that this road calls. */
export const SNAPSHOT_ROAD_STEPS: readonly StepName[] = ['prepare', 'snapshot', 'encrypt', 'restore', 'adopt'];

/** Variables that this road counts in. */
export const SNAPSHOT_ROAD_COUNTERS = {
  [SNAPSHOT_POLL.counter]: 0,
  [ENCRYPT_POLL.counter]: 0,
  [TARGET_POLL.counter]: 0,
};

/** Makes the states and returns the first; `subscribe` follows. */
export function snapshotRoad(seeding: Seeding, subscribe: IChainable): IChainable {
  const prepare = seeding.call('Prepare the source', 'prepare', SOURCE_DATABASES, {
    assign: { slots: '{% $states.result.slots %}' },
  });
  const snapshot = seeding.call(
    'Take the snapshot',
    'snapshot',
    { ...SOURCE, purpose: 'seed', notBefore: '{% null %}' },
    { assign: { snapshot: '{% $states.result %}', ...countRound(SNAPSHOT_POLL) } },
  );
  const encrypt = seeding.call(
    'Encrypt the snapshot',
    'encrypt',
    { epoch: '{% $epoch %}', purpose: 'seed', snapshotArn: '{% $snapshot.snapshotArn %}' },
    { assign: { encrypted: '{% $states.result %}', ...countRound(ENCRYPT_POLL) } },
  );
  const restore = createTarget(seeding, '{% $encrypted.snapshotArn %}');
  const adopt = seeding.call(
    'Adopt the target',
    'adopt',
    { ...ALL, slots: '{% $slots %}' },
    { assign: { seedLsn: '{% $states.result.seedLsn %}', seedOrigin: '{% $states.result.seedOrigin %}' } },
  );
  // RDS moves the snapshot, the copy and the instance forward by itself; each loop ends with it, or by its bound.
  seeding.loop(
    snapshot,
    'Snapshot available?',
    "$snapshot.status = 'available'",
    'the snapshot',
    SNAPSHOT_POLL,
    encrypt,
  );
  seeding.loop(
    encrypt,
    'Copy available?',
    "$encrypted.status = 'available'",
    'the encrypted copy',
    ENCRYPT_POLL,
    restore,
  );
  untilAvailable(seeding, restore, adopt);
  adopt.next(subscribe);
  return prepare.next(snapshot);
}

/** Gives birth to the target; `seed` is the ARN of a snapshot as an expression, or `empty`. */
export function createTarget(seeding: Seeding, seed: string) {
  return seeding.call(
    'Create the target',
    'restore',
    { ...SOURCE, seed },
    {
      assign: {
        targetStatus: '{% $states.result.status %}',
        target: '{% $states.result.target %}',
        ...countRound(TARGET_POLL),
      },
    },
  );
}

/** Goes on with `next` when the target is available. */
export function untilAvailable(seeding: Seeding, restore: ReturnType<typeof createTarget>, next: IChainable): void {
  seeding.loop(restore, 'Target available?', "$targetStatus = 'available'", 'the target', TARGET_POLL, next);
}
