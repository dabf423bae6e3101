import { stepHandler } from '../platform/step-handler';
import { scanInput, scanRanges } from './work';

/** Lambda handler of `scan-ranges`. */
export const handler = stepHandler('scan-ranges', scanInput, scanRanges);
