/** The transaction of a preview: whatever happens in it is rolled back. */
import type { Statement } from '../../platform/postgres';

/** Begins it. */
export const beginReading: Statement = { text: 'begin' };

/** Ends it without a trace. */
export const endReading: Statement = { text: 'rollback' };
