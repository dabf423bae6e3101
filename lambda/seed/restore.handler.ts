import { stepHandler } from '../platform/step-handler';
import { restore, restoreInput } from './restore';

/** Handler of the step `restore`. */
export const handler = stepHandler('restore', restoreInput, restore);
