import { stepHandler } from '../platform/step-handler';
import { listLeftovers, listLeftoversInput } from './list-leftovers';

/** Lambda handler of `list-leftovers`. */
export const handler = stepHandler('list-leftovers', listLeftoversInput, listLeftovers);
