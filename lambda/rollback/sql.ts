/** Statements of the way back. */
import type { Statement } from '../platform/postgres';

/** True when a moment has passed by this server's clock (fault 22). */
export function isOver(moment: string): Statement {
  return { text: 'select clock_timestamp() > $1::timestamptz as over', values: [moment] };
}
