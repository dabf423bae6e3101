/** How the window of a way back stands: a pure decision, so that every case can be listed. */
import { isTurned, type LedgerRow } from '../platform/ledger';
import { readWayBack, type WayBackFacts } from '../platform/way-back';

/** What the target's clock says. */
export interface WindowClock {
  /** The window has ended. */
  readonly over: boolean;
  /** Nobody was told for a day. */
  readonly quietForLong: boolean;
}

/** `none`: no way back is open, or somebody is on it; `open` and `over`: of the window. */
export type WindowState =
  | { readonly state: 'none'; readonly detail: string }
  | { readonly state: 'open'; readonly wayBack: WayBackFacts }
  | {
      readonly state: 'over';
      readonly wayBack: WayBackFacts;
      /** Somebody is to be told. */
      readonly due: boolean;
    };

/** The way back that is open in the target's ledger; null when there is none, or somebody is on it. */
export function openWayBackOf(row: LedgerRow | null): WayBackFacts | null {
  if (row === null || isTurned(row) || row.side !== 'target' || row.phase !== 'live') return null;
  return readWayBack(row);
}

/** Decides by the target's row. The execution that told already tells again: its call may be one that was tried again. */
export function stateOfWindow(row: LedgerRow | null, execution: string, clock: WindowClock): WindowState {
  const wayBack = openWayBackOf(row);
  if (wayBack === null) return { state: 'none', detail: whyNone(row) };
  if (!clock.over) return { state: 'open', wayBack };
  const { told } = wayBack;
  return { state: 'over', wayBack, due: told === undefined || told.execution === execution || clock.quietForLong };
}

function whyNone(row: LedgerRow | null): string {
  if (row === null) return 'the target has no ledger of this migration';
  if (isTurned(row)) return `the migration is on its way back or was rolled back (phase ${row.phase})`;
  return `no way back is open, the ${row.side} stands in phase ${row.phase}`;
}
