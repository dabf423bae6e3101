#!/usr/bin/env node
/** `npm run bench -- [--runs N] [--size SIZE]`: what the project's speed is measured by; prints, judges nothing. */
import { bareReadMs } from '../lib/rehearsal/measure/bare-read';
import { measureSynthesis } from '../lib/rehearsal/measure/bundles';
import { median, shortcomings } from '../lib/rehearsal/measure/measured-run';
import { findPgDump } from '../lib/rehearsal/measure/pg-dump';
import { measureFelt, measurePrune } from '../lib/rehearsal/measure/prune-speed';
import { repeatRuns } from '../lib/rehearsal/measure/repeated-runs';
import { measureLocating, measureScan } from '../lib/rehearsal/measure/scan-speed';
import type { OutageReport, Report } from '../lib/rehearsal/report/report';
import { bytes, seconds } from '../lib/rehearsal/report/words';
import { DEFAULT_OPTIONS, type Size } from '../lib/rehearsal/run/options';
import { rehearse } from '../lib/rehearsal/run/rehearse';

const PARTS = ['total', 'fence', 'barrier', 'sequences', 'gate', 'switch'] as const satisfies (keyof OutageReport)[];

interface Measured {
  readonly report: Report;
  /** Sequential read of the tables of both sides, under the same load as the verification. */
  readonly bareMs: number;
}

async function measure(size: Size, signal: AbortSignal): Promise<Measured> {
  let bareMs = Number.NaN;
  const { report } = await rehearse({
    ...DEFAULT_OPTIONS,
    size,
    signal,
    test: {
      afterMigration: async ({ source, databases, target }) => {
        const there = target();
        if (there) bareMs = await bareReadMs([source, there], databases);
      },
    },
  });
  return { report, bareMs };
}

/** From the planning of the verification to its conclusion. */
function verificationMs({ states }: Report): number {
  const names = ['Plan the verification', 'Verify', 'Conclude the verification'];
  return states.filter(({ name }) => names.includes(name)).reduce((sum, { ms }) => sum + ms, 0);
}

async function benchScan(signal: AbortSignal): Promise<void> {
  const pgDump = await findPgDump();
  const large = await measureScan({ size: 'small', copies: 7 }, pgDump, signal);
  const least = await measureScan({ size: 'tiny', copies: 0 }, pgDump, signal);
  for (const { bytes: read, scanMs, dumpMs } of [large, least]) {
    const beside =
      dumpMs === null
        ? 'NOT HELD beside a dump: there is no pg_dump on the path'
        : `${pgDump?.version} to nowhere ${seconds(dumpMs)}, ratio ${ratio(scanMs, dumpMs)}`;
    console.log(`scan of ${bytes(read)} ${seconds(scanMs)}; ${beside}`);
  }
  const located = await measureLocating(signal);
  console.log(
    `locating ${located.found} bad rows in 1,000,000: ${seconds(located.locatingMs)}, a plain read ${seconds(located.readMs)}, ` +
      `loop over rows ${seconds(located.loopMs)}, ratio ${ratio(located.locatingMs, located.loopMs)}`,
  );
}

/** What is aimed at: removing the rows, and the slowest hundredth of an application's transactions, with the phase to without it. */
const PRUNE_TARGET = 1.5;
const FELT_TARGET = 2;

async function benchPrune(signal: AbortSignal): Promise<void> {
  const { rows, removalMs, wholeMs, deleteMs, vacuumMs } = await measurePrune(signal);
  console.log(
    `pruning ${rows} rows ${seconds(removalMs)}, one DELETE that cascades to the same rows ${seconds(deleteMs)}, ` +
      `${judged(removalMs, deleteMs, PRUNE_TARGET)}; with counts and VACUUM ${seconds(wholeMs)} to ${seconds(deleteMs + vacuumMs)}`,
  );
  const felt = await measureFelt(signal);
  for (const [phase, ms] of [
    ['prune', felt.pruneMs],
    ['scan', felt.scanMs],
  ] as const) {
    console.log(
      `slowest hundredth of small transactions beside writers: ${ms.toFixed(1)} ms during ${phase}, ` +
        `${felt.calmMs.toFixed(1)} ms without, ${judged(ms, felt.calmMs, FELT_TARGET)}`,
    );
  }
}

function judged(value: number, base: number, target: number): string {
  return `ratio ${ratio(value, base)}, target ${target}: ${value <= target * base ? 'met' : 'NOT MET'}`;
}

function ratio(ms: number, baseMs: number): string {
  return (ms / baseMs).toFixed(2);
}

async function bench(runs: number, size: Size, signal: AbortSignal): Promise<void> {
  const { ms, bundles } = await measureSynthesis();
  console.log(`synthesis ${seconds(ms)}`);
  for (const bundle of bundles) console.log(`bundle ${bundle.functionName.padEnd(40)} ${bytes(bundle.bytes)}`);
  await benchScan(signal);
  await benchPrune(signal);
  const measured: Measured[] = [];
  for (let run = 1; run <= runs; run += 1) {
    const one = await measure(size, signal);
    const short = shortcomings(one.report);
    const verify = verificationMs(one.report);
    measured.push(one);
    console.log(
      `run ${run}: outage ${one.report.outageMs.total} ms, verification ${seconds(verify)}, bare read ${seconds(one.bareMs)}, ` +
        `ratio ${(verify / one.bareMs).toFixed(1)}${short.length > 0 ? `; FELL SHORT: ${short.join(', ')}` : ''}`,
    );
  }
  for (const part of PARTS) {
    const values = measured.flatMap(({ report }) => report.outageMs[part] ?? []);
    console.log(`${part.padEnd(10)} median ${median(values)} ms, maximum ${Math.max(...values)} ms`);
  }
  const ratios = measured.map(({ report, bareMs }) => verificationMs(report) / bareMs);
  console.log(`verification to bare read: median ratio ${median(ratios).toFixed(1)}`);
}

repeatRuns(10, async (runs, size, signal) => {
  await bench(runs, size, signal);
  return 0;
});
