import { stepHandler } from '../platform/step-handler';
import { conclude, concludeInput } from './conclude';

/** Lambda handler of `conclude-prune`. */
export const handler = stepHandler('conclude-prune', concludeInput, conclude);
