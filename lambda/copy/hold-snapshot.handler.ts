import { stepHandler } from '../platform/step-handler';
import { holdSnapshot, holdSnapshotInput } from './hold-snapshot';

/** Handler of the step `hold-snapshot`. */
export const handler = stepHandler('hold-snapshot', holdSnapshotInput, holdSnapshot);
