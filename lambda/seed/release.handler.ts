import { stepHandler } from '../platform/step-handler';
import { release, releaseInput } from './release';

/** Handler of the step `release`. */
export const handler = stepHandler('release', releaseInput, release);
