import { stepHandler } from '../platform/step-handler';
import { bringIndexesBack, bringIndexesBackInput } from './bring-indexes-back';

/** Handler of the step `bring-indexes-back`. */
export const handler = stepHandler('bring-indexes-back', bringIndexesBackInput, bringIndexesBack);
