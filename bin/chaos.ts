#!/usr/bin/env node
/**
 * `npm run chaos -- --runs N --seed S`: whole migrations of the tiny sample while Lambdas die, servers crash, the network breaks
 * and operators stop executions, each run after a schedule that its seed stands for; fails when an invariant did not hold.
 */
import { chaosRun } from '../lib/rehearsal/chaos/chaos-run';
import { inWords } from '../lib/rehearsal/chaos/fault';
import { scheduleOf } from '../lib/rehearsal/chaos/schedule';
import { runCommand } from '../lib/rehearsal/measure/command-line';

const HELP = `npm run chaos -- [--runs N] [--seed S] [--show] [--log DIRECTORY]

Migrates the tiny sample N times under load while things go wrong, and asks afterwards whether the invariants of
docs/invariants.md held. Run k follows the schedule of seed S + k - 1: the same seed is the same schedule.

  --runs N         how many runs (10)
  --seed S         the first seed (drawn)
  --show           only print the schedules
  --log DIRECTORY  where the log of a run that fell short is kept (sealift-chaos)`;

interface Flags {
  readonly runs: number;
  readonly seed: number;
  readonly show: boolean;
  readonly log: string;
}

async function chaos({ runs, seed, show, log }: Flags, signal: AbortSignal): Promise<number> {
  let fallen = 0;
  for (let run = 0; run < runs; run += 1) {
    const schedule = scheduleOf(seed + run);
    console.log(`seed ${schedule.seed}: ${schedule.faults.map(inWords).join('; ')}`);
    if (show) continue;
    const { report, violations, keptIn } = await chaosRun(schedule, log, signal);
    const { writers, outcome, ms } = report;
    console.log(
      `  ${outcome}${report.reason ? ` (${report.reason.error})` : ''}, writable ${report.writableSide}, acknowledged ` +
        `${writers?.acknowledged}, lost ${writers?.lost}, doubled ${writers?.doubled}, took ${Math.round(ms / 1000)} s`,
    );
    if (violations.length === 0) continue;
    fallen += 1;
    for (const violation of violations) console.log(`  BROKEN ${violation}`);
    console.log(`  log: ${keptIn}; again: npm run chaos -- --runs 1 --seed ${schedule.seed}`);
  }
  if (!show) console.log(`${runs - fallen} of ${runs} runs kept every invariant`);
  return fallen === 0 ? 0 : 1;
}

runCommand({
  help: HELP,
  options: {
    runs: { type: 'string', default: '10' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    show: { type: 'boolean', default: false },
    log: { type: 'string', default: 'sealift-chaos' },
  },
  read: (values): Flags | string => {
    const [runs, seed] = [Number(values.runs), Number(values.seed)];
    if (!Number.isInteger(runs) || runs < 1) return `--runs is a number from 1, not ${values.runs}`;
    if (!Number.isInteger(seed) || seed < 0) return `--seed is a number from 0, not ${values.seed}`;
    return { runs, seed, show: values.show, log: values.log };
  },
  work: chaos,
});
