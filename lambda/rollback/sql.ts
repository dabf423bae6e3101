/** Statements of the way back. */
import type { Statement } from '../platform/postgres';

/** Whether a moment has passed by this server's clock, and what that says; without a moment nothing is waited for. */
export function clockAgainst(moment: string | null): Statement {
  return {
    text: `select coalesce(clock_timestamp() > $1::timestamptz, true) as over,
        to_char(clock_timestamp() at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as now`,
    values: [moment],
  };
}

/** True when a moment has passed by this server's clock (fault 22). */
export function isOver(moment: string): Statement {
  return { text: 'select clock_timestamp() > $1::timestamptz as over', values: [moment] };
}
