import { stepHandler } from '../platform/step-handler';
import { endDms, endDmsInput } from './end-dms';

/** Handler of the step `end-dms`. */
export const handler = stepHandler('end-dms', endDmsInput, endDms);
