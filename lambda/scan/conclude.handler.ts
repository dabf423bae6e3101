import { stepHandler } from '../platform/step-handler';
import { concludeInput, concludeScan } from './conclude';

/** Lambda handler of `conclude-scan`. */
export const handler = stepHandler('conclude-scan', concludeInput, concludeScan);
