import { stepHandler } from '../platform/step-handler';
import { settle, settleInput } from './settle';

/** Lambda handler of `settle`. */
export const handler = stepHandler('settle', settleInput, settle);
