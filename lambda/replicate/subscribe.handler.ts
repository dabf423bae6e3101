import { stepHandler } from '../platform/step-handler';
import { subscribe, subscribeInput } from './subscribe';

/** Handler of the step `subscribe`. */
export const handler = stepHandler('subscribe', subscribeInput, subscribe);
