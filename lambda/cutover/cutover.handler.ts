import { stepHandler } from '../platform/step-handler';
import { cutover, cutoverInput } from './cutover';

/** Lambda handler of `cutover`. */
export const handler = stepHandler('cutover', cutoverInput, cutover);
