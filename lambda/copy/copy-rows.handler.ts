import { stepHandler } from '../platform/step-handler';
import { copyRows, copyRowsInput } from './copy-rows';

/** Handler of the step `copy-rows`. */
export const handler = stepHandler('copy-rows', copyRowsInput, copyRows);
