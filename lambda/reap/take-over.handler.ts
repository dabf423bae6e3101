import { stepHandler } from '../platform/step-handler';
import { takeOver, takeOverInput } from './take-over';

/** Handler of the step `take-over`. */
export const handler = stepHandler('take-over', takeOverInput, takeOver);
