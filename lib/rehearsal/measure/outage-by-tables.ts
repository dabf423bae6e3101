/** How long writes stop at a cutover and on the way back, by the number of tables: the same machines, servers and writers each time. */
import { endAll, orAborted } from '../run/endings';
import { writeManyTables } from './many-tables';
import { MovingStage, type OneWay } from './moving-stage';
import { type MeasuredOutage, OUTAGE_PARTS, TABLES, type Way } from './outage-growth';

/** Sequences in each of them. */
export const SEQUENCES = 1_000;

/** Writers; they update up to 200 of the tables and use two of the sequences. */
export const WRITERS = 4;

/** Moves every size `runs` times, in turns, so that what else the machine does falls on all of them alike. */
export async function measureOutages(
  runs: number,
  tell: (line: string) => void,
  signal: AbortSignal,
): Promise<MeasuredOutage[]> {
  const ends: (() => Promise<void> | void)[] = [];
  const work = moveInTurns(runs, tell, { add: (end) => ends.push(end) }, signal);
  // When the signal wins, the work fails later, with servers that are gone.
  work.catch(() => undefined);
  try {
    return await orAborted(work, signal);
  } finally {
    await endAll(ends);
  }
}

async function moveInTurns(
  runs: number,
  tell: (line: string) => void,
  cleanup: { add(end: () => Promise<void> | void): void },
  signal: AbortSignal,
): Promise<MeasuredOutage[]> {
  const stages: { tables: number; stage: MovingStage }[] = [];
  for (const tables of TABLES) {
    signal.throwIfAborted();
    const write = (path: string) => writeManyTables(path, { tables, sequences: SEQUENCES });
    stages.push({ tables, stage: await MovingStage.set(write, cleanup) });
    tell(`${tables} tables replicated and verified`);
  }
  const measured: MeasuredOutage[] = [];
  for (let run = 1; run <= runs; run += 1) {
    for (const { tables, stage } of stages) {
      signal.throwIfAborted();
      const { there, back } = await stage.move(WRITERS);
      const both = [outageOf('cutover', tables, there), outageOf('rollback', tables, back)];
      measured.push(...both);
      for (const { way, ms } of both) tell(`run ${run}, ${tables} tables, ${way}: ${inWords(ms)}`);
    }
  }
  return measured;
}

function outageOf(way: Way, tables: number, { outageMs, parts }: OneWay): MeasuredOutage {
  return { way, tables, ms: { writers: outageMs, ...parts } };
}

function inWords(ms: MeasuredOutage['ms']): string {
  return `outage ${OUTAGE_PARTS.map((part) => `${part} ${ms[part]}`).join(', ')} ms`;
}
