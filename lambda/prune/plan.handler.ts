import { stepHandler } from '../platform/step-handler';
import { plan, planInput } from './plan';

/** Lambda handler of `plan-prune`. */
export const handler = stepHandler('plan-prune', planInput, plan);
