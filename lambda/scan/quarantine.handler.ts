import { stepHandler } from '../platform/step-handler';
import { quarantine, quarantineInput } from './quarantine';

/** Lambda handler of `quarantine`. */
export const handler = stepHandler('quarantine', quarantineInput, quarantine);
