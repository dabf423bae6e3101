import { stepHandler } from '../platform/step-handler';
import { pruneRows, rowsInput } from './rows';

/** Lambda handler of `prune-rows`. */
export const handler = stepHandler('prune-rows', rowsInput, pruneRows);
