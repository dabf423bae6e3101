import { stepHandler } from '../platform/step-handler';
import { watchWayBack, watchWayBackInput } from './watch-way-back';

/** Lambda handler of `watch-way-back`. */
export const handler = stepHandler('watch-way-back', watchWayBackInput, watchWayBack);
