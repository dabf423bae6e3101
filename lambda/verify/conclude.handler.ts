import { stepHandler } from '../platform/step-handler';
import { conclude, concludeInput } from './conclude';

/** Lambda handler of `conclude-verification`. */
export const handler = stepHandler('conclude-verification', concludeInput, conclude);
