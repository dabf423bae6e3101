import { stepHandler } from '../platform/step-handler';
import { makeSchema, makeSchemaInput } from './make-schema';

/** Handler of the step `make-schema`. */
export const handler = stepHandler('make-schema', makeSchemaInput, makeSchema);
