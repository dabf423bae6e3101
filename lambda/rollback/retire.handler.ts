import { stepHandler } from '../platform/step-handler';
import { retire, retireInput } from './retire';

/** Lambda handler of `retire`. */
export const handler = stepHandler('retire', retireInput, retire);
