import fc from 'fast-check';
import type { Stage } from '../../../lambda/cutover/stage';
import { Arena } from './arena';
import { advance, calmSteps, happenings, initial, judge, judgeAtRest } from './commands';
import { Protocol } from './protocol';

// No rows travel here: what would look at them finds nothing to say.
jest.mock('../../../lambda/cutover/stage', () => ({
  ...jest.requireActual('../../../lambda/cutover/stage'),
  openDatabases: async () => undefined,
}));
jest.mock('../../../lambda/proof/change-tap', () => ({
  ...jest.requireActual('../../../lambda/proof/change-tap'),
  tapIsOpen: async () => true,
}));
jest.mock('../../../lambda/cutover/drain', () => {
  const { guarded } = jest.requireActual<typeof import('../../../lambda/platform/ledger')>(
    '../../../lambda/platform/ledger',
  );
  const { mergeFacts } = jest.requireActual<typeof import('../../../lambda/platform/ledger-sql')>(
    '../../../lambda/platform/ledger-sql',
  );
  return {
    ...jest.requireActual('../../../lambda/cutover/drain'),
    confirm: ({ targetHome, world, names }: Stage) =>
      guarded(targetHome, world.expect('verified'), () =>
        targetHome.execute(
          mergeFacts(world.migrationId, { fenceLsns: Object.fromEntries(names.map((name) => [name, '0/0'])) }),
        ),
      ),
  };
});
jest.mock('../../../lambda/platform/metrics', () => ({ createMetricSink: () => ({ measured: () => undefined }) }));
jest.mock('../../../lambda/platform/postgres', () => {
  const actual = jest.requireActual<typeof import('../../../lambda/platform/postgres')>(
    '../../../lambda/platform/postgres',
  );
  // Whoever waits for a frozen call's lock waits in vain.
  Object.assign(actual.DEFAULT_TIMEOUTS, { lockMs: 700 });
  return actual;
});

const ALL = process.env.SEALIFT_ALL === '1';
const numRuns = Number(process.env.SEALIFT_RUNS ?? (ALL ? 300 : 8));
// The same cases for everybody who runs the tests; more and others where they are asked for.
const seed = Number(process.env.SEALIFT_SEED ?? (ALL ? Date.now() % 2 ** 31 : 116993066));

describe(`the protocol of phases and epochs, seed ${seed}`, () => {
  let arena: Arena;
  beforeAll(async () => {
    arena = await Arena.start(17);
  });
  afterAll(() => arena?.close());

  it(
    'never lets both sides take writes, flips once a way, and strands nobody, whatever is late, doubled or lost',
    async () => {
      console.info(`SEALIFT_SEED=${seed} repeats these ${numRuns} cases`);
      await fc.assert(
        fc.asyncProperty(calmSteps, happenings, async (calm, commands) => {
          const model = initial();
          const protocol = await Protocol.begin(arena);
          for (let step = 0; step < calm; step += 1) await advance(protocol, { kind: 'runs' });
          await fc.asyncModelRun(() => ({ model, real: protocol }), commands);
          await protocol.reapAll();
          await judgeAtRest(model, protocol);
          const { live } = model;
          for (const call of arena.frozen()) await call.wake();
          await judge(model, protocol);
          await protocol.reapAll();
          await judgeAtRest(model, protocol);
          expect(model.live).toBe(live);
        }),
        { numRuns, seed, endOnFailure: true, verbose: fc.VerbosityLevel.Verbose },
      );
    },
    ALL ? 3 * 3_600_000 : 240_000,
  );
});
