import { stepHandler } from '../platform/step-handler';
import { advanceDms, advanceDmsInput } from './advance-dms';

/** Handler of the step `advance-dms`. */
export const handler = stepHandler('advance-dms', advanceDmsInput, advanceDms);
