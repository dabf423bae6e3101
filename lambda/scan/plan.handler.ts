import { stepHandler } from '../platform/step-handler';
import { planInput, planScan } from './plan';

/** Lambda handler of `plan-scan`. */
export const handler = stepHandler('plan-scan', planInput, planScan);
