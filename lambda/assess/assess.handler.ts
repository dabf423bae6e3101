import { stepHandler } from '../platform/step-handler';
import { assess, assessInput } from './assess';

/** Handler of the step `assess`. */
export const handler = stepHandler('assess', assessInput, assess);
