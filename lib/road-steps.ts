/** Which steps a road has: a function stands in the template only where something calls it. */
import { STEPS, type StepName } from '../lambda/contract';
import type { SealiftConfig } from './config';

/** Steps of the copy road alone, in the order in which they run. */
export const COPY_STEPS: readonly StepName[] = [
  'make-databases',
  'hold-snapshot',
  'plan-schema',
  'make-schema',
  'plan-rows',
  'copy-rows',
  'conclude-rows',
];

/** Steps of the snapshot road alone. */
const SNAPSHOT_STEPS: readonly StepName[] = ['adopt'];

/** Steps that ask RDS for a snapshot of the source, which of a server of somebody's own it cannot take. */
const STEPS_OF_AN_INSTANCE: readonly StepName[] = ['snapshot', 'encrypt'];

/** Steps of the tasks of AWS DMS. */
const DMS_STEPS: readonly StepName[] = ['ready-dms', 'advance-dms', 'bring-indexes-back', 'end-dms'];

/** The steps of a road from one kind of source, without DMS. */
export function stepsOf(
  road: SealiftConfig['road'],
  source: SealiftConfig['source']['kind'] = 'rds',
): readonly StepName[] {
  const others = [
    ...DMS_STEPS,
    ...(road === 'copy' ? SNAPSHOT_STEPS : COPY_STEPS),
    ...(source === 'server' ? STEPS_OF_AN_INSTANCE : []),
  ];
  return (Object.keys(STEPS) as StepName[]).filter((step) => !others.includes(step));
}
