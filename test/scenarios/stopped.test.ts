import type { Phase } from '../../lambda/contract';
import type { Interruption } from '../../lib/rehearsal/run/interruptions';
import type { Surroundings } from '../../lib/rehearsal/run/options';
import { catalogFacts } from '../lambda/seed/catalog-facts';
import { rehearseTiny, SCENARIO_TIMEOUT_MS } from './tiny';

/** What the source's ledger says; null without one. */
interface Stand {
  readonly phase: Phase;
  readonly execution: string;
}

async function standOf({ source }: Surroundings): Promise<Stand | null> {
  return source.withAdmin('postgres', async (session) => {
    const { rows } = await session.query(`select to_regclass('sealift.migration') is not null as present`);
    if (!rows[0].present) return null;
    return (await session.query('select phase, execution from sealift.migration')).rows[0] ?? null;
  });
}

/** Waits until the source's ledger stands in a phase. */
const inPhase = (phase: Phase) => async (at: Surroundings) => {
  while ((await standOf(at))?.phase !== phase) await new Promise((resolve) => setTimeout(resolve, 20));
};

const slotsOf = ({ source }: Surroundings) =>
  source.withAdmin('postgres', async (session) => {
    const { rows } = await session.query<{ name: string }>('select slot_name as name from pg_replication_slots');
    return rows.map(({ name }) => name);
  });

const messagesOf = ({ aws }: Surroundings) => aws.plane.sns.messages().map(({ message }) => message);
const factsOf = ({ source, databases }: Surroundings) => catalogFacts(source, databases);

test(
  'an execution that ends before its flip leaves the source as it was, one that ends behind it is finished',
  async () => {
    let before: Record<string, string[]> = {};
    const untouched = async (at: Surroundings) => {
      expect(await factsOf(at)).toEqual(before);
      expect(await slotsOf(at)).toEqual([]);
      expect(await standOf(at)).toBeNull();
    };
    /** Nobody is fenced, replication goes on, nobody holds the claim, and no slot is left that nobody reads. */
    const kept = async (at: Surroundings) => {
      expect((await factsOf(at))['postgres roles']).toEqual(expect.arrayContaining(before['postgres roles'] ?? []));
      expect(await standOf(at)).toEqual({ phase: 'verified', execution: '' });
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
          const session = await at.source.admin(at.databases[0] ?? '');
          await session.query('begin');
          await session.query('create table held (id int)');
          open = session;
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
        },
      },
    ];
    const { report } = await rehearseTiny({
      interruptions,
      beforeMigration: async (at) => {
        before = await factsOf(at);
      },
    });
    expect(report).toMatchObject({ outcome: 'succeeded', writableSide: 'target', refusedApiCalls: [] });
    expect(report.writers).toMatchObject({ lost: 0, doubled: 0, torn: 0, phantom: 0 });
    expect(report.databases.flatMap(({ mismatchedTables }) => mismatchedTables)).toEqual([]);
  },
  2 * SCENARIO_TIMEOUT_MS,
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
};
const MOMENTS_MS = [0, 100, 500];
const CASES = process.env.SEALIFT_ALL === '1' ? Object.entries(EVERYWHERE) : [];

for (const [machine, states] of CASES) {
  test.each(states.flatMap((state) => MOMENTS_MS.map((ms) => [state, ms] as const)))(
    `${machine} stopped %j after %i ms ends with one writable side and loses nothing`,
    async (state, ms) => {
      const until = () => new Promise<void>((resolve) => setTimeout(resolve, ms));
      const { report } = await rehearseTiny({
        interruptions: [{ machine, state, until, counts: true }],
        pruneAndScan: machine === 'prune' || machine === 'scan',
      });
      expect(['succeeded', 'aborted']).toContain(report.outcome);
      expect(report.writableSide).toBe(report.outcome === 'succeeded' ? 'target' : 'source');
      expect(report.writers).toMatchObject({ lost: 0, doubled: 0, torn: 0, phantom: 0 });
    },
    2 * SCENARIO_TIMEOUT_MS,
  );
}
