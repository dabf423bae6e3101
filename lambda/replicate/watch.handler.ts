import { stepHandler } from '../platform/step-handler';
import { watch, watchInput } from './watch';

/** Handler of the step `watch`. */
export const handler = stepHandler('watch', watchInput, watch);
