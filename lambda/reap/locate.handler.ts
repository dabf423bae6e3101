import { stepHandler } from '../platform/step-handler';
import { locate, locateInput } from './locate';

/** Handler of the step `locate`. */
export const handler = stepHandler('locate', locateInput, locate);
