import { stepHandler } from '../platform/step-handler';
import { giveBack, giveBackInput } from './give-back';

/** Lambda handler of `give-back`. */
export const handler = stepHandler('give-back', giveBackInput, giveBack);
