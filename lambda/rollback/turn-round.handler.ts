import { stepHandler } from '../platform/step-handler';
import { turnRound, turnRoundInput } from './turn-round';

/** Lambda handler of `turn-round`. */
export const handler = stepHandler('turn-round', turnRoundInput, turnRound);
