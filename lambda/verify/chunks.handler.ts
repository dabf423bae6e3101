import { stepHandler } from '../platform/step-handler';
import { chunksInput, compareChunks } from './chunks';

/** Lambda handler of `verify-chunks`. */
export const handler = stepHandler('verify-chunks', chunksInput, compareChunks);
