import { SEED_CHOICES } from '../../lib/rehearsal/control-plane/rds/seed-choice';
import type { TestOptions } from '../../lib/rehearsal/run/options';
import { SOURCE_INSTANCE } from '../../lib/rehearsal/run/place';
import { rehearseTiny, SCENARIO_TIMEOUT_MS } from './tiny';

const WRONG_SEEDS: Readonly<Record<string, NonNullable<TestOptions['chooseSeedLsn']>>> = {
  "the slots' confirmed_flush_lsn": () => SEED_CHOICES['confirmed-flush'],
  'the LSN after `redo done at`': () => SEED_CHOICES['redo-done'],
  "the source's current LSN":
    ({ source }) =>
    () =>
      source.withAdmin('postgres', async (session) => {
        const { rows } = await session.query<{ lsn: string }>('select pg_current_wal_lsn()::text as lsn');
        return rows[0]?.lsn ?? '0/0';
      }),
};

/** The others stand below, where only the comparison of the rows can find them; SEALIFT_ALL=1 takes them here too. */
const TOLD_APART = process.env.SEALIFT_ALL === '1' ? Object.keys(WRONG_SEEDS) : ['the LSN after `redo done at`'];

test.each(TOLD_APART)(
  'a seed forced to %s ends aborted, with the source writable, and what stays in AWS is listed with its remedy',
  async (name) => {
    let left: readonly string[] = [];
    const { report, evidence } = await rehearseTiny(
      {
        chooseSeedLsn: WRONG_SEEDS[name],
        afterMigration: async ({ aws: { plane } }) => {
          const made = plane.rds.instances.list().filter(({ instanceId }) => instanceId !== SOURCE_INSTANCE);
          left = [
            ...made.map(({ instanceId }) => `instance ${instanceId}`),
            ...plane.rds.snapshots.list().map(({ snapshotId }) => `snapshot ${snapshotId}`),
          ];
        },
      },
      { writers: 4 },
    );
    expect(report).toMatchObject({ outcome: 'aborted', writableSide: 'source' });
    expect(report.writers).toMatchObject({ lost: 0, doubled: 0 });
    expect(report.reason?.error).toBe('Blocked');
    const released = evidence.find(({ name: file }) => file.endsWith('-release.json'));
    const { leftInAws } = JSON.parse(String(released?.content)) as { leftInAws: Record<string, string>[] };
    expect(left.length).toBeGreaterThan(2);
    expect(leftInAws.map(({ kind, name: what }) => `${kind} ${what}`)).toEqual(expect.arrayContaining([...left]));
    expect(leftInAws.map(({ kind }) => kind)).toContain('stack');
    for (const { remedy = '' } of leftInAws) expect(remedy.length).toBeGreaterThan(20);
  },
  SCENARIO_TIMEOUT_MS,
);

/** Where nobody can tell a wrong seed but the comparison; the other one is what `silence.test.ts` listens to. */
const ACCEPTED = [
  "the slots' confirmed_flush_lsn",
  ...(process.env.SEALIFT_ALL === '1' ? ["the source's current LSN"] : []),
];

test.each(ACCEPTED)(
  'a copy that cannot tell better, with a seed forced to %s, never becomes the target',
  async (name) => {
    const { report } = await rehearseTiny(
      // Apply stands still at the first row that is there already, and is waited for: hours that must be short here.
      {
        chooseSeedLsn: WRONG_SEEDS[name],
        restartAfterRestore: true,
        clockFactor: 800,
        policy: { standStillMinutes: 5 },
      },
      { writers: 4 },
    );
    expect(report).toMatchObject({ outcome: 'aborted', writableSide: 'source' });
    expect(report.writers).toMatchObject({ lost: 0, doubled: 0 });
  },
  SCENARIO_TIMEOUT_MS,
);
