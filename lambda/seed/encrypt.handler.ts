import { stepHandler } from '../platform/step-handler';
import { encrypt, encryptInput } from './encrypt';

/** Handler of the step `encrypt`. */
export const handler = stepHandler('encrypt', encryptInput, encrypt);
