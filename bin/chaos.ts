#!/usr/bin/env node
/**
 * `npm run chaos -- --runs N --seed S`: whole migrations of the tiny sample, and ways back, while Lambdas die, servers crash, disks
 * fill, the network breaks and operators stop executions, each run after a schedule that its seed stands for; fails when an invariant
 * did not hold.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chaosRun } from '../lib/rehearsal/chaos/chaos-run';
import { inWords } from '../lib/rehearsal/chaos/fault';
import { Lane } from '../lib/rehearsal/chaos/lane';
import { scheduleOf } from '../lib/rehearsal/chaos/schedule';
import { Tally } from '../lib/rehearsal/chaos/tally';
import type { ChaosVerdict } from '../lib/rehearsal/chaos/verdict';
import { runCommand } from '../lib/rehearsal/measure/command-line';
import { ROADS, type Road } from '../lib/rehearsal/run/options';

const HELP = `npm run chaos -- [--runs N] [--seed S] [--road ROAD] [--parallel P] [--show] [--log DIRECTORY]

Migrates the tiny sample N times under load while things go wrong, goes back afterwards in a third of the runs, and asks at
the end whether the invariants of docs/invariants.md held. Run k follows the schedule of seed S + k - 1: the same seed is
the same schedule.

  --runs N         how many runs (10)
  --seed S         the first seed (drawn); from 1000000 on the steps that clean up are aimed at
  --road ROAD      how the rows reach the target: snapshot, or copy, from PostgreSQL 15 to 17 (snapshot)
  --parallel P     how many runs at the same time (1)
  --show           only print the schedules
  --log DIRECTORY  where the log of a run that fell short is kept (sealift-chaos)`;

interface Flags {
  readonly runs: number;
  readonly seed: number;
  readonly road: Road;
  readonly parallel: number;
  readonly show: boolean;
  readonly log: string;
}

async function chaos({ runs, seed, road, parallel, show, log }: Flags, signal: AbortSignal): Promise<number> {
  const seeds = Array.from({ length: runs }, (_, run) => seed + run);
  if (show) {
    for (const each of seeds) console.log(scheduleInWords(each, road));
    return 0;
  }
  const tally = new Tally();
  const bundles = await mkdtemp(join(tmpdir(), 'sealift-bundles-'));
  // Nobody edits the sources meanwhile, or the runs would not be of one version.
  process.env.SEALIFT_BUNDLE_CACHE ??= bundles;
  const lanes = Array.from({ length: Math.min(parallel, runs) }, () => inLane(seeds, { road, log, tally, signal }));
  try {
    await Promise.all(lanes);
  } finally {
    // When one lane fails, the others come to the end of their runs before the bundles go.
    await Promise.allSettled(lanes);
    await rm(bundles, { recursive: true, force: true });
    console.log(tally.inWords());
  }
  return tally.fallen === 0 ? 0 : 1;
}

interface Shared {
  readonly road: Road;
  readonly log: string;
  readonly tally: Tally;
  readonly signal: AbortSignal;
}

/** Takes one seed after the other until none is left. */
async function inLane(seeds: number[], { road, log, tally, signal }: Shared): Promise<void> {
  const lane = await Lane.open();
  try {
    for (let seed = seeds.shift(); seed !== undefined && !signal.aborted; seed = seeds.shift()) {
      const verdict = await chaosRun(scheduleOf(seed, road), lane, log, signal).catch((error: unknown) => {
        // Told at once: other lanes go on for a while.
        if (!signal.aborted)
          console.error(`${scheduleInWords(seed, road)}\n  NOT JUDGED, the run itself failed:`, error);
        throw error;
      });
      tally.add(verdict);
      tell(verdict);
    }
  } finally {
    await lane.close();
  }
}

function scheduleInWords(seed: number, road: Road): string {
  const { pruneAndScan, wayBack, faults } = scheduleOf(seed, road);
  const shape = [pruneAndScan && 'pruned and scanned', wayBack && 'there and back'].filter(Boolean);
  return `seed ${seed}${shape.length > 0 ? ` (${shape.join(', ')})` : ''}: ${faults.map(inWords).join('; ')}`;
}

function tell({ schedule, report, strikes, calledLate, violations, keptIn }: ChaosVerdict): void {
  const { writers, outcome, ms, reason, rollback, writableSide } = report;
  const way = rollback === null ? '' : `, way back ${rollback.status}`;
  const missed = strikes.filter(({ struck }) => !struck).length;
  console.log(
    `${scheduleInWords(schedule.seed, schedule.road)}\n  ${outcome}${reason ? ` (${reason.error})` : ''}${way}, writable ${writableSide}, ` +
      `acknowledged ${writers?.acknowledged}, lost ${writers?.lost}, doubled ${writers?.doubled}, ` +
      `${strikes.length - missed} of ${strikes.length} faults struck, ${calledLate.length} late calls, ` +
      `took ${Math.round(ms / 1000)} s`,
  );
  if (violations.length === 0) return;
  for (const violation of violations) console.log(`  BROKEN ${violation}`);
  console.log(
    `  log: ${keptIn}; again: npm run chaos -- --runs 1 --seed ${schedule.seed}${schedule.road === 'copy' ? ' --road copy' : ''}`,
  );
}

runCommand({
  help: HELP,
  options: {
    runs: { type: 'string', default: '10' },
    seed: { type: 'string', default: String(Date.now() % 2_000_000) },
    road: { type: 'string', default: 'snapshot' },
    parallel: { type: 'string', default: '1' },
    show: { type: 'boolean', default: false },
    log: { type: 'string', default: 'sealift-chaos' },
  },
  read: (values): Flags | string => {
    const [runs, seed, parallel] = [Number(values.runs), Number(values.seed), Number(values.parallel)];
    if (!Number.isInteger(runs) || runs < 1) return `--runs is a number from 1, not ${values.runs}`;
    if (!Number.isInteger(parallel) || parallel < 1) return `--parallel is a number from 1, not ${values.parallel}`;
    if (!Number.isInteger(seed) || seed < 0) return `--seed is a number from 0, not ${values.seed}`;
    const road = ROADS.find((each) => each === values.road);
    if (road === undefined) return `--road is one of ${ROADS.join(', ')}, not ${values.road}`;
    return { runs, seed, road, parallel, show: values.show, log: values.log };
  },
  work: chaos,
});
