/** Which steps a run comes to, by the road: what faults can be tied to. */
import type { StepName } from '../../../lambda/contract';
import type { Road } from '../run/options';
import type { Way } from './fault';

/** Steps before the copy, in the order in which they run. */
const BEFORE: readonly StepName[] = [
  'plan-prune',
  'prune-rows',
  'conclude-prune',
  'plan-scan',
  'scan-ranges',
  'conclude-scan',
];

/** Steps up to the birth of the target, those between it and the subscription, and how each road is struck otherwise. */
const BY_ROAD: {
  readonly [R in Road]: {
    readonly birth: readonly StepName[];
    readonly filling: readonly StepName[];
    /** Of the filling, those with a target that is ready beside them. */
    readonly besideTarget: readonly StepName[];
    readonly late: readonly StepName[];
    readonly lateOutside: readonly StepName[];
    readonly calls: readonly AwsCall[];
  };
} = {
  snapshot: {
    birth: ['prepare', 'snapshot', 'encrypt', 'restore'],
    filling: ['adopt'],
    besideTarget: [],
    late: ['claim', 'prepare', 'adopt', 'subscribe', 'plan-verification', 'cutover', 'settle'],
    lateOutside: ['inspect', 'snapshot', 'encrypt', 'restore'],
    calls: [
      ['rds', 'DescribeDBInstances'],
      ['rds', 'CreateDBSnapshot'],
      ['rds', 'CopyDBSnapshot'],
      ['rds', 'DescribeDBSnapshots'],
      ['cloudformation', 'UpdateStack'],
      ['cloudformation', 'DescribeStacks'],
      ['secretsmanager', 'GetSecretValue'],
      ['route53', 'ListResourceRecordSets'],
      ['route53', 'ChangeResourceRecordSets'],
      ['route53', 'GetChange'],
      ['s3', 'PutObject'],
    ],
  },
  copy: {
    birth: ['prepare', 'restore'],
    filling: [
      'make-databases',
      'plan-schema',
      'make-schema',
      'hold-snapshot',
      'plan-rows',
      'copy-rows',
      'conclude-rows',
    ],
    besideTarget: [
      'make-databases',
      'plan-schema',
      'make-schema',
      'hold-snapshot',
      'plan-rows',
      'copy-rows',
      'conclude-rows',
    ],
    late: [
      'claim',
      'prepare',
      'make-databases',
      'plan-schema',
      'make-schema',
      'hold-snapshot',
      'plan-rows',
      'copy-rows',
      'conclude-rows',
      'subscribe',
      'plan-verification',
      'cutover',
      'settle',
    ],
    lateOutside: ['inspect', 'restore'],
    calls: [
      ['rds', 'DescribeDBInstances'],
      ['cloudformation', 'UpdateStack'],
      ['cloudformation', 'DescribeStacks'],
      ['secretsmanager', 'GetSecretValue'],
      ['route53', 'ListResourceRecordSets'],
      ['route53', 'ChangeResourceRecordSets'],
      ['route53', 'GetChange'],
      ['s3', 'PutObject'],
    ],
  },
};

/** A call of AWS, by service and operation. */
export type AwsCall = readonly [service: string, operation: string];

/** The steps of a migration, in the order in which they run. */
export function roadOf(pruneAndScan: boolean, road: Road = 'snapshot'): readonly StepName[] {
  const { birth, filling } = BY_ROAD[road];
  return [
    'inspect',
    'assess',
    'claim',
    ...(pruneAndScan ? BEFORE : []),
    ...birth,
    ...filling,
    'subscribe',
    'watch',
    'plan-verification',
    'verify-chunks',
    'conclude-verification',
    'cutover',
    'settle',
  ];
}

/** The steps of a way back, in the order in which they run. */
export const ROAD_BACK: readonly StepName[] = [
  'inspect',
  'turn-round',
  'plan-verification',
  'verify-chunks',
  'conclude-verification',
  'cutover',
  'settle',
];

/** Steps that clean up behind an execution that failed or was stopped, in the order in which the reaper calls them. */
export const CLEANING_UP: readonly StepName[] = ['locate', 'take-over', 'give-back', 'release'];

/** Steps that read and write under the snapshot that is held. */
export const UNDER_SNAPSHOT: readonly StepName[] = ['hold-snapshot', 'plan-rows', 'copy-rows', 'conclude-rows'];

/** A way, and what on it can be struck. */
export interface Struck {
  readonly way: Way;
  readonly road: Road;
  readonly steps: readonly StepName[];
  /** Steps with a target beside them. */
  readonly following: readonly StepName[];
  /** Steps whose late call must be refused or change nothing. */
  readonly late: readonly StepName[];
  /** Steps that speak to AWS alone, whose late call finds by its name what there is. */
  readonly lateOutside: readonly StepName[];
  /** Calls of AWS that the road makes. */
  readonly calls: readonly AwsCall[];
}

/** The way there. */
export function wayThere(pruneAndScan: boolean, road: Road): Struck {
  const { besideTarget, late, lateOutside, calls } = BY_ROAD[road];
  return {
    way: 'there',
    road,
    steps: roadOf(pruneAndScan, road),
    following: [
      ...besideTarget,
      'subscribe',
      'watch',
      'plan-verification',
      'verify-chunks',
      'conclude-verification',
      'cutover',
    ],
    late,
    lateOutside,
    calls,
  };
}

/** The way back. */
export function wayBack(road: Road): Struck {
  const { late, lateOutside, calls } = BY_ROAD[road];
  const following = ROAD_BACK.filter((step) => step !== 'inspect');
  return { way: 'back', road, steps: ROAD_BACK, following, late, lateOutside, calls };
}
