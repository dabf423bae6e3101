import type { Phase } from '../../lambda/contract';
import type { Interruption } from '../../lib/rehearsal/run/interruptions';
import type { Surroundings } from '../../lib/rehearsal/run/surroundings';
import type { PostgresServer } from '../../lib/rehearsal/servers/postgres-server';
import { catalogFacts } from '../lambda/seed/catalog-facts';
import { rehearseTiny, SCENARIO_TIMEOUT_MS } from './tiny';

/** What a ledger says; null without one. */
interface Stand {
  readonly side: 'source' | 'target';
  readonly phase: Phase;
  readonly execution: string;
}

async function standOn(server: PostgresServer): Promise<Stand | null> {
  return server.withAdmin('postgres', async (session) => {
    const { rows } = await session.query(`select to_regclass('sealift.migration') is not null as present`);
    if (!rows[0].present) return null;
    return (await session.query('select side, phase, execution from sealift.migration')).rows[0] ?? null;
  });
}

const standOf = ({ source }: Surroundings) => standOn(source);
const targetOf = (at: Surroundings): PostgresServer => {
  const target = at.target();
  if (target === null) throw new Error('there is no target yet');
  return target;
};

/** Waits until the ledger of the side that is written to, the source's unless it is `back`, stands in a phase. */
const inPhase =
  (phase: Phase, back = false) =>
  async (at: Surroundings) => {
    const server = back ? targetOf(at) : at.source;
    while ((await standOn(server))?.phase !== phase) await new Promise((resolve) => setTimeout(resolve, 20));
  };

/** Keeps the fence of a server from being closed: a session that it may not end. */
const holdOpen = async (server: PostgresServer, database = '') => {
  const session = await server.admin(database);
  await session.query('begin');
  await session.query('create table held (id int)');
  return session;
};

const slotsOf = ({ source }: Surroundings) =>
  source.withAdmin('postgres', async (session) => {
    const { rows } = await session.query<{ name: string }>('select slot_name as name from pg_replication_slots');
    return rows.map(({ name }) => name);
  });

const messagesOf = ({ aws }: Surroundings) => aws.plane.sns.messages().map(({ message }) => message);
const factsOf = ({ source, databases }: Surroundings) => catalogFacts(source, databases);

/** Starts what is scheduled, as five minutes would, and answers what the look at the way back came to. */
const lookAtWindow = async ({ aws }: Surroundings): Promise<unknown> => {
  aws.events.tick();
  await aws.events.settled();
  const look = aws.machines
    .listExecutions()
    .filter(({ executionArn }) => executionArn.includes('-window:'))
    .at(-1);
  await aws.machines.result(look?.executionArn ?? '');
  return JSON.parse(aws.machines.describeExecution(look?.executionArn ?? '').output ?? 'null');
};

test(
  'an execution that ends before its flip leaves the source as it was, one that ends behind it is finished',
  async () => {
    let before: Record<string, string[]> = {};
    let liveFacts: Record<string, string[]> = {};
    const untouched = async (at: Surroundings) => {
      expect(await factsOf(at)).toEqual(before);
      expect(await slotsOf(at)).toEqual([]);
      expect(await standOf(at)).toBeNull();
    };
    /** Nobody is fenced, replication goes on, nobody holds the claim, and no slot is left that nobody reads. */
    const kept = async (at: Surroundings) => {
      expect((await factsOf(at))['postgres roles']).toEqual(expect.arrayContaining(before['postgres roles'] ?? []));
      expect(await standOf(at)).toEqual({ side: 'source', phase: 'verified', execution: '' });
      expect((await slotsOf(at)).filter((name) => name.includes('_tap_'))).toEqual([]);
    };
    let open: { end(): Promise<void> } | undefined;
    const interruptions: Interruption[] = [
      { machine: 'assess', state: 'Assess the source', afterwards: untouched },
      {
        machine: 'replicate',
        state: 'Prepare the source',
        how: 'timed-out',
        until: inPhase('seeding'),
        afterwards: untouched,
      },
      { machine: 'migrate', state: 'Look at the lag', afterwards: kept },
      {
        machine: 'cutover',
        state: 'Cut over',
        // A session that the fence may not end keeps it from being closed.
        until: async (at) => {
          open = await holdOpen(at.source, at.databases[0]);
          await inPhase('fencing')(at);
        },
        afterwards: async (at) => {
          await open?.end();
          await kept(at);
          expect(messagesOf(at).join()).toContain('"outcome":"given-back"');
        },
      },
      {
        machine: 'cutover',
        state: 'Settle',
        afterwards: async (at) => {
          expect(messagesOf(at).join()).toContain('"error":"PastTheFlip"');
          expect((await standOf(at))?.phase).toBe('live');
          expect(await slotsOf(at)).toEqual([]);
          liveFacts = await catalogFacts(targetOf(at), at.databases);
        },
      },
    ];
    const wayBackInterruptions: Interruption[] = [
      {
        machine: 'rollback',
        state: 'Return',
        until: async (at) => {
          open = await holdOpen(targetOf(at), at.databases[0]);
          await inPhase('fencing', true)(at);
        },
        afterwards: async (at) => {
          await open?.end();
          expect(await Promise.all([standOf(at), standOn(targetOf(at))])).toMatchObject([
            { side: 'source', phase: 'live' },
            { side: 'target', phase: 'live' },
          ]);
          expect(await catalogFacts(targetOf(at), at.databases)).toEqual(liveFacts);
          expect(await lookAtWindow(at)).toMatchObject({
            state: 'open',
            detail: expect.stringContaining('the source follows'),
          });
        },
      },
      {
        machine: 'rollback',
        state: 'Settle',
        how: 'timed-out',
        counts: true,
        afterwards: async (at) => {
          expect(messagesOf(at).filter((message) => message.includes('"error":"PastTheFlip"'))).toHaveLength(2);
          for (const server of [at.source, targetOf(at)]) {
            expect(await standOn(server)).toMatchObject({ phase: 'rolled-back' });
          }
        },
      },
    ];
    const { report } = await rehearseTiny(
      {
        interruptions,
        wayBackInterruptions,
        beforeMigration: async (at) => {
          before = await factsOf(at);
        },
      },
      { rollback: true },
    );
    expect(report).toMatchObject({ outcome: 'succeeded', writableSide: 'source', refusedApiCalls: [] });
    expect(report.writers).toMatchObject({ lost: 0, doubled: 0, torn: 0, phantom: 0, onlyOnSource: 0 });
  },
  // Nine executions one after the other.
  3 * SCENARIO_TIMEOUT_MS,
);

/** Every state that calls a step takes an hour and more; SEALIFT_ALL=1 asks for it, otherwise the one above stands for all. */
const EVERYWHERE: Readonly<Record<string, readonly string[]>> = {
  prune: ['Claim the migration', 'Plan the pruning', 'Encrypt the baseline', 'Prune rows', 'Conclude the pruning'],
  scan: ['Claim the migration', 'Plan the scan', 'Scan ranges', 'Conclude the scan'],
  replicate: [
    'Claim the migration',
    'Prepare the source',
    'Take the snapshot',
    'Encrypt the snapshot',
    'Create the target',
    'Adopt the target',
    'Subscribe',
    'Watch replication',
    'Plan the verification',
    'Verify chunks',
    'Conclude the verification',
  ],
  migrate: ['Ask for approval', 'Bring the verification up to date'],
  cutover: ['Inspect AWS', 'Cut over', 'Settle'],
  rollback: [
    'Turn the sides round',
    'Plan the verification',
    'Verify chunks',
    'Conclude the verification',
    'Return',
    'Settle',
  ],
};
const MOMENTS_MS = [0, 100, 500];
const CASES = process.env.SEALIFT_ALL === '1' ? Object.entries(EVERYWHERE) : [];

for (const [machine, states] of CASES) {
  test.each(states.flatMap((state) => MOMENTS_MS.map((ms) => [state, ms] as const)))(
    `${machine} stopped %j after %i ms ends with one writable side and loses nothing`,
    async (state, ms) => {
      const until = () => new Promise<void>((resolve) => setTimeout(resolve, ms));
      const interruptions = [{ machine, state, until, counts: true }];
      const back = machine === 'rollback';
      const { report } = await rehearseTiny(
        {
          ...(back ? { wayBackInterruptions: interruptions } : { interruptions }),
          pruneAndScan: machine === 'prune' || machine === 'scan',
        },
        { rollback: back },
      );
      if (back) {
        // Given back, the target stays live, which is not what was asked for.
        expect(['source', 'target']).toContain(report.writableSide);
        expect(report.outcome).toBe(report.writableSide === 'source' ? 'succeeded' : 'failed');
      } else {
        expect(['succeeded', 'aborted']).toContain(report.outcome);
        expect(report.writableSide).toBe(report.outcome === 'succeeded' ? 'target' : 'source');
      }
      expect(report.writers).toMatchObject({ lost: 0, doubled: 0, torn: 0, phantom: 0 });
    },
    2 * SCENARIO_TIMEOUT_MS,
  );
}
