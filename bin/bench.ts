#!/usr/bin/env node
/** `npm run bench -- [--only CASES] [--runs N] [--size SIZE]`: what the project's speed is measured by; prints, judges nothing. */
import { bareReadMs } from '../lib/rehearsal/measure/bare-read';
import { measureSynthesis } from '../lib/rehearsal/measure/bundles';
import { runCommand, runsAndSize } from '../lib/rehearsal/measure/command-line';
import { CONTEST_SHAPES } from '../lib/rehearsal/measure/contest-shapes';
import { boundsInWords, measureCopyBounds } from '../lib/rehearsal/measure/copy-bounds';
import { CONTEST_JOBS, CONTEST_MAJOR, type CopyContest, holdContest } from '../lib/rehearsal/measure/copy-contest';
import { copyInWords } from '../lib/rehearsal/measure/copy-contest-words';
import { COPY_PEERS, peersHere } from '../lib/rehearsal/measure/copy-peers';
import { LARGEST } from '../lib/rehearsal/measure/copy-shapes';
import { shortcomings } from '../lib/rehearsal/measure/measured-run';
import { median } from '../lib/rehearsal/measure/median';
import { measureOutages, SEQUENCES, WRITERS } from '../lib/rehearsal/measure/outage-by-tables';
import { growthOf, TABLES } from '../lib/rehearsal/measure/outage-growth';
import { findPgDump } from '../lib/rehearsal/measure/pg-dump';
import { measureFelt, measurePrune } from '../lib/rehearsal/measure/prune-speed';
import { measureLocating, measureScan } from '../lib/rehearsal/measure/scan-speed';
import type { OutageReport, Report } from '../lib/rehearsal/report/report';
import { bytes, count, seconds } from '../lib/rehearsal/report/words';
import { DEFAULT_OPTIONS, SIZES, type Size } from '../lib/rehearsal/run/options';
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

/** What is aimed at: the wall time of the scan to the dump's, and of locating to the loop's. */
const SCAN_TARGET = 0.6;
const LOCATING_TARGET = 0.05;

async function benchScan(signal: AbortSignal): Promise<void> {
  const pgDump = await findPgDump();
  const large = await measureScan({ size: 'small', copies: 14 }, pgDump, signal);
  const least = await measureScan({ size: 'tiny', copies: 0 }, pgDump, signal);
  for (const one of [large, least]) {
    const { bytes: read, scanMs, dumpMs } = one;
    const beside =
      dumpMs === null
        ? 'NOT HELD beside a dump: there is no pg_dump on the path'
        : `${pgDump?.version} to nowhere ${seconds(dumpMs)}, ` +
          (one === large ? judged(scanMs, dumpMs, SCAN_TARGET) : 'where the fixed costs are all');
    console.log(`scan of ${bytes(read)} ${seconds(scanMs)}; ${beside}`);
  }
  const located = await measureLocating(signal);
  console.log(
    `locating ${located.found} bad rows in 1,000,000: ${seconds(located.locatingMs)}, a plain read ${seconds(located.readMs)}, ` +
      `loop over rows ${seconds(located.loopMs)}, ${judged(located.locatingMs, located.loopMs, LOCATING_TARGET)}`,
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
  console.log(
    `the same beside writers ${seconds(felt.tookMs.removal)}, the DELETE ${seconds(felt.tookMs.delete)}, ` +
      judged(felt.tookMs.removal, felt.tookMs.delete, PRUNE_TARGET),
  );
  for (const [phase, ms] of [
    ['prune', felt.pruneMs],
    ['scan', felt.scanMs],
    ['the plain DELETE', felt.deleteMs],
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
  const value = ms / baseMs;
  return value.toFixed(value < 0.1 ? 3 : 2);
}

async function benchSynthesis(): Promise<void> {
  const { ms, bundles } = await measureSynthesis();
  console.log(`synthesis ${seconds(ms)}`);
  for (const bundle of bundles) console.log(`bundle ${bundle.functionName.padEnd(40)} ${bytes(bundle.bytes)}`);
}

async function benchMigration(signal: AbortSignal, { runs, size }: Flags): Promise<void> {
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

/** What is aimed at: the median outage with the most tables, and that to the one with the fewest. */
const OUTAGE_TARGET_MS = 1_000;
const GROWTH_TARGET = 1.5;

async function benchOutage(signal: AbortSignal, { runs }: Flags): Promise<void> {
  console.log(
    `outage by tables: ${SEQUENCES} sequences and ${WRITERS} writers, which update up to 200 of the tables; each size is loaded and ` +
      'replicated once by the machine Replicate, its two servers are stopped and their disks kept; each move puts the disks back, starts ' +
      'servers and writers, and runs the machines Cutover and Rollback with the bundled functions, the sizes in turns',
  );
  const growth = growthOf(await measureOutages(runs, console.log, signal));
  for (const { way, part, sizes, ratio: grown } of growth) {
    const each = sizes.map(
      ({ tables, medianMs, maximumMs }) => `${count(tables)} tables ${medianMs} (at most ${maximumMs})`,
    );
    console.log(
      `${way} ${part.padEnd(10)} median ms: ${each.join(', ')}; ${Number.isFinite(grown) ? `ratio ${grown.toFixed(2)}` : 'nothing to compare'}`,
    );
  }
  for (const { way, sizes } of growth.filter(({ part }) => part === 'writers')) {
    const [fewest, most] = [sizes[0]?.medianMs ?? Number.NaN, sizes.at(-1)?.medianMs ?? Number.NaN];
    console.log(
      `${way}: median outage ${most} ms, target ${OUTAGE_TARGET_MS} ms: ${most < OUTAGE_TARGET_MS ? 'met' : 'NOT MET'}; growth ` +
        judged(most, fewest, GROWTH_TARGET),
    );
  }
}

/** What is aimed at: Sealift's median to that of the fastest peer. */
const COPY_TARGET = 0.9;

async function benchCopy(signal: AbortSignal, { runs, size }: Flags): Promise<void> {
  const { peers, versions, missing } = await peersHere();
  console.log(
    `copy beside its peers: PostgreSQL ${CONTEST_MAJOR} to ${CONTEST_MAJOR}, what the client programs can (${versions.join(', ')}); ` +
      `${CONTEST_JOBS} workers each, the same data, every target with the target's own parameters, each run in another order; ` +
      'Sealift from Plan the schema to the end of Make the indexes, with owners, grants and ANALYZE, a peer from its start to its end',
  );
  for (const { name, reason } of missing) console.log(`${name}: NOT RUN, ${reason}`);
  for (const shape of CONTEST_SHAPES) {
    const contests: CopyContest[] = [];
    for (let turn = 0; turn < runs; turn += 1) {
      const one = await holdContest({ shape, size, peers, turn, signal });
      contests.push(one);
      const times = one.times.map(({ who, ms }) => `${who} ${seconds(ms)}`);
      console.log(`${shape} of ${bytes(one.bytes)}, run ${turn + 1}: ${times.join(', ')}`);
    }
    for (const line of copyInWords(shape, contests, COPY_TARGET)) console.log(line);
  }
  if (missing.length > 0) console.log(`${count(missing.length)} of ${COPY_PEERS.length} peers did NOT RUN`);
}

async function benchCopyBounds(signal: AbortSignal): Promise<void> {
  for (const shape of LARGEST) {
    for (const line of boundsInWords(await measureCopyBounds(shape, { signal }))) console.log(line);
  }
}

const CASES: Readonly<Record<string, (signal: AbortSignal, flags: Flags) => Promise<void>>> = {
  synthesis: benchSynthesis,
  scan: benchScan,
  prune: benchPrune,
  migration: benchMigration,
  outage: benchOutage,
  copy: benchCopy,
  'copy-bounds': benchCopyBounds,
};

const HELP = `npm run bench -- [--only CASES] [--runs N] [--size SIZE]

Measures, prints and judges nothing by its exit code. The cases, in their order:

  synthesis  the CDK app and the size of every function's bundle
  scan       the scan beside pg_dump, and how fast damaged rows are located
  prune      the pruning beside one DELETE, and what applications feel of it and of the scan
  migration  N whole migrations of the sample: outage and its parts, verification beside a bare read
  outage     N cutovers and ways back with each of ${TABLES.map(count).join(', ')} tables: what grows with their number
  copy       N copies of many tables, one big table and wide rows, with indexes and constraints, beside pgcopydb clone,
             pg_dump with pg_restore and a subscription (where they are installed: Debian's pgcopydb and postgresql-client-15)
  copy-bounds  the copy road with 20,000 tables, 5,000 indexes and one table of 5 GiB: memory of every step, largest state

  --only CASES  some of them, separated by commas (all)
  --runs N      how often a migration, a cutover or a copy is done (10)
  --size SIZE   size of the sample that is migrated, and of what is copied: ${SIZES.join(', ')} (small)`;

interface Flags {
  readonly only: readonly string[];
  readonly runs: number;
  readonly size: Size;
}

runCommand({
  help: HELP,
  options: {
    only: { type: 'string', default: Object.keys(CASES).join(',') },
    runs: { type: 'string', default: '10' },
    size: { type: 'string', default: 'small' },
  },
  read: (values): Flags | string => {
    const only = values.only.split(',');
    const unknown = only.find((name) => !(name in CASES));
    if (unknown !== undefined) return `--only is some of ${Object.keys(CASES).join(', ')}, not ${unknown}`;
    const rest = runsAndSize(values);
    return typeof rest === 'string' ? rest : { only, ...rest };
  },
  work: async (flags, signal) => {
    for (const [name, run] of Object.entries(CASES)) if (flags.only.includes(name)) await run(signal, flags);
    return 0;
  },
});
