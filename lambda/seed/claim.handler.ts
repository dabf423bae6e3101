import { stepHandler } from '../platform/step-handler';
import { claim, claimInput } from './claim';

/** Handler of the step `claim`. */
export const handler = stepHandler('claim', claimInput, claim);
