import { stepHandler } from '../platform/step-handler';
import { prepare, prepareInput } from './prepare';

/** Handler of the step `prepare`. */
export const handler = stepHandler('prepare', prepareInput, prepare);
