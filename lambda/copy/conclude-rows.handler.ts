import { stepHandler } from '../platform/step-handler';
import { concludeRows, concludeRowsInput } from './conclude-rows';

/** Handler of the step `conclude-rows`. */
export const handler = stepHandler('conclude-rows', concludeRowsInput, concludeRows);
