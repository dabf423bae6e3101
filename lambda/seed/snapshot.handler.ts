import { stepHandler } from '../platform/step-handler';
import { snapshot, snapshotInput } from './snapshot';

/** Handler of the step `snapshot`. */
export const handler = stepHandler('snapshot', snapshotInput, snapshot);
