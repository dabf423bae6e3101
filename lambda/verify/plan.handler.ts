import { stepHandler } from '../platform/step-handler';
import { plan, planInput } from './plan';

/** Lambda handler of `plan-verification`. */
export const handler = stepHandler('plan-verification', planInput, plan);
