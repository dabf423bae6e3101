import { stepHandler } from '../platform/step-handler';
import { readyDms, readyDmsInput } from './ready-dms';

/** Handler of the step `ready-dms`. */
export const handler = stepHandler('ready-dms', readyDmsInput, readyDms);
