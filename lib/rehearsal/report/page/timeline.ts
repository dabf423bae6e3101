/** Phases and states as rows of the timeline. */
import type { ExecutionFacts } from '../history/execution-facts';
import type { MigrationFacts } from '../history/migration-facts';
import type { StateSpan } from '../history/state-spans';
import type { TimelineGroup, TimelineRow } from './page';

/** States that take no time of their own are no news to anybody. */
const TELLING = /^(Task|Wait|Map|Parallel)$/;

/** One row per name, in the order of the first entry; a loop's rounds are in one row. */
function rowsOf(spans: readonly StateSpan[], endedAt: number): TimelineRow[] {
  const rows = new Map<string, StateSpan[]>();
  for (const span of spans) rows.set(span.name, [...(rows.get(span.name) ?? []), span]);
  return [...rows].map(([name, own]) => ({
    name,
    spans: own.map(({ from, to }) => ({ from, to: to ?? endedAt })),
    open: own.some(({ to }) => to === null),
  }));
}

/** The parts of the execution that an operator started: the phases of Migrate, or the states of a phase alone. */
export function phaseRows({ root }: MigrationFacts): TimelineRow[] {
  return rowsOf(
    root.spans.filter(({ kind }) => TELLING.test(kind)),
    root.lastAt,
  );
}

/** The states of every other machine. */
export function stateGroups({ executions, root }: MigrationFacts): TimelineGroup[] {
  return executions
    .filter((execution) => execution !== root)
    .map((execution) => ({ name: titleOf(execution), rows: tellingRows(execution) }));
}

function titleOf({ machine }: ExecutionFacts): string {
  return machine === 'other' ? 'Another machine' : `${machine[0]?.toUpperCase()}${machine.slice(1)}`;
}

function tellingRows({ spans, lastAt }: ExecutionFacts): TimelineRow[] {
  return rowsOf(
    spans.filter(({ kind }) => TELLING.test(kind)),
    lastAt,
  );
}
