import { stepHandler } from '../platform/step-handler';
import { makeDatabases, makeDatabasesInput } from './databases';

/** Handler of the step `make-databases`. */
export const handler = stepHandler('make-databases', makeDatabasesInput, makeDatabases);
