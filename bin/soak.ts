#!/usr/bin/env node
/** `npm run soak -- --runs N [--size SIZE]`: rehearsals in a row, one line each; fails unless every one keeps the promises. */
import { parseArgs } from 'node:util';
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

const { values } = parseArgs({
  options: { runs: { type: 'string', default: '20' }, size: { type: 'string', default: 'small' } },
});
const runs = Number(values.runs);
const size = SIZES.find((each) => each === values.size);
if (!Number.isInteger(runs) || runs < 1 || size === undefined) {
  console.error(`--runs is a number from 1, --size one of ${SIZES.join(', ')}`);
  process.exitCode = 2;
} else {
  const stopping = new AbortController();
  process.once('SIGINT', () => stopping.abort(new Error('ended by Ctrl-C')));
  soak(runs, size, stopping.signal).then(
    (code) => process.exit(code),
    (error: unknown) => {
      console.error(error instanceof Error ? error.message : error);
      process.exit(stopping.signal.aborted ? 130 : 1);
    },
  );
}
