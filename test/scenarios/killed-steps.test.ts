import type { StepName } from '../../lambda/contract';
import type { Report } from '../../lib/rehearsal/report/report';
import { stepsOf } from '../../lib/road-steps';
import { rehearseTiny, SCENARIO_TIMEOUT_MS } from './tiny';

/** Every moment of every step takes an hour; SEALIFT_ALL=1 asks for it, otherwise the worst moment stands for all, as do the random ones of `npm run chaos`. */
const ALL = process.env.SEALIFT_ALL === '1';

/** Not of the road forward: `give-back` and `release` run when another one fails for good, `quarantine` on a damaged source. */
const ASIDE: readonly StepName[] = ['give-back', 'release', 'quarantine'];
const FORWARD = stepsOf('snapshot').filter((step) => !ASIDE.includes(step));

const MOMENTS = {
  before: { kill: 'before' },
  during: { kill: 'after-ms', ms: 60 },
  'just before its end': { kill: 'after-ms', ms: 250 },
  'after its effect': 'kill-after-effect',
} as const;

type Moment = keyof typeof MOMENTS;

const WORST: readonly (readonly [StepName, Moment])[] = [['cutover', 'just before its end']];

const CASES = ALL
  ? FORWARD.flatMap((step) => (Object.keys(MOMENTS) as Moment[]).map((moment) => [step, moment] as const))
  : WORST;

/** Either way nothing is lost and exactly one side is writable: the one that the name leads to. */
function expectSoundEnd(report: Report): void {
  expect(['succeeded', 'aborted']).toContain(report.outcome);
  expect(report.writableSide).toBe(report.outcome === 'succeeded' ? 'target' : 'source');
  expect(report.writers).toMatchObject({ lost: 0, doubled: 0, torn: 0, phantom: 0 });
  expect(report.databases.flatMap(({ mismatchedTables }) => mismatchedTables)).toEqual([]);
}

test.each(CASES)(
  '%s killed %s ends in success or a clean abort',
  async (step, moment) => {
    const { report } = await rehearseTiny({
      pruneAndScan: ALL,
      chaos: (name, { count }) => (name === step && count === 1 ? MOMENTS[moment] : undefined),
    });
    expect(report.failedSteps.some((failed) => failed.step === step) || moment.startsWith('just')).toBe(true);
    expectSoundEnd(report);
  },
  SCENARIO_TIMEOUT_MS,
);
