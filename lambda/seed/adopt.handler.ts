import { stepHandler } from '../platform/step-handler';
import { adopt, adoptInput } from './adopt';

/** Handler of the step `adopt`. */
export const handler = stepHandler('adopt', adoptInput, adopt);
