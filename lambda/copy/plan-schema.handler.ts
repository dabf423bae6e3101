import { stepHandler } from '../platform/step-handler';
import { planSchema, planSchemaInput } from './plan-schema';

/** Handler of the step `plan-schema`. */
export const handler = stepHandler('plan-schema', planSchemaInput, planSchema);
