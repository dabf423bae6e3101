#!/usr/bin/env node
/** `npm run soak -- --runs N [--size SIZE]`: rehearsals in a row, one line each; fails unless every one keeps the promises. */
import { runCommand, runsAndSize } from '../lib/rehearsal/measure/command-line';
import { measuredRun, mismatchedTables, shortcomings } from '../lib/rehearsal/measure/measured-run';
import { SIZES, type Size } from '../lib/rehearsal/run/options';

async function soak(runs: number, size: Size, signal: AbortSignal): Promise<number> {
  let fallen = 0;
  for (let run = 1; run <= runs; run += 1) {
    const report = await measuredRun(size, signal);
    const short = shortcomings(report);
    if (short.length > 0) fallen += 1;
    const { writers, outageMs, outcome, ms } = report;
    console.log(
      `run ${run} of ${runs}: ${outcome}, acknowledged ${writers?.acknowledged}, lost ${writers?.lost}, ` +
        `doubled ${writers?.doubled}, mismatched ${mismatchedTables(report)}, outage ${outageMs.total} ms, ` +
        `took ${Math.round(ms / 1000)} s${short.length > 0 ? `; FELL SHORT: ${short.join(', ')}` : ''}`,
    );
  }
  console.log(`${runs - fallen} of ${runs} runs kept every promise`);
  return fallen === 0 ? 0 : 1;
}

const HELP = `npm run soak -- [--runs N] [--size SIZE]

Rehearses N whole migrations in a row, one line each; the exit code is 1 unless every one kept every promise: nothing lost,
nothing doubled, both sides equal.

  --runs N     how many migrations (20)
  --size SIZE  size of the sample: ${SIZES.join(', ')} (small)`;

runCommand({
  help: HELP,
  options: { runs: { type: 'string', default: '20' }, size: { type: 'string', default: 'small' } },
  read: runsAndSize,
  work: ({ runs, size }, signal) => soak(runs, size, signal),
});
