import { stepHandler } from '../platform/step-handler';
import { inspect, inspectInput } from './inspect';

/** Handler of the step `inspect`. */
export const handler = stepHandler('inspect', inspectInput, inspect);
