import { stepHandler } from '../platform/step-handler';
import { planRows, planRowsInput } from './plan-rows';

/** Handler of the step `plan-rows`. */
export const handler = stepHandler('plan-rows', planRowsInput, planRows);
