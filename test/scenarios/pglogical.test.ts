import type { Client } from 'pg';
import { holds } from '../../lib/rehearsal/report/report';
import type { Rehearsal } from '../../lib/rehearsal/run/rehearse';
import { PGLOGICAL_PACKAGE, packagedBinaries } from '../../lib/rehearsal/servers/packaged-binaries';
import { rehearseTiny, SCENARIO_TIMEOUT_MS } from './tiny';

/** A minute or two, which `.ci/run` spends on `npm start -- --engine pglogical` instead. */
const isAsked = process.env.SEALIFT_ALL === '1';
const isInstalled = packagedBinaries() !== null;
if (!isAsked) console.warn('Nothing is migrated by pglogical: SEALIFT_ALL=1 asks for it');
else if (!isInstalled) console.warn(`Nothing is migrated by pglogical: ${PGLOGICAL_PACKAGE} is not installed`);

/** What pglogical keeps in a database, and for it. */
async function remains(session: Client): Promise<number> {
  const { rows } = await session.query<{ found: number }>(`select (
      (select count(*) from pg_extension where extname = 'pglogical')
      + (select count(*) from pg_namespace where nspname = 'pglogical')
      + (select count(*) from pg_trigger where tgname like 'queue_truncate_trigger%')
      + (select count(*) from pg_replication_slots where plugin like 'pglogical%')
      + (select count(*) from pg_replication_origin where roname like 'pgl_%'))::int as found`);
  return rows[0]?.found ?? -1;
}

(isAsked && isInstalled ? describe : describe.skip)('a whole migration by pglogical', () => {
  let rehearsal: Rehearsal;
  const left: number[] = [];

  beforeAll(async () => {
    rehearsal = await rehearseTiny(
      {
        afterMigration: async ({ source, target, databases }) => {
          for (const server of [source, target()]) {
            for (const database of databases) left.push((await server?.withAdmin(database, remains)) ?? -1);
          }
        },
      },
      { road: 'copy', engine: 'pglogical', sourceVersion: 15, targetVersion: 15 },
    );
  }, SCENARIO_TIMEOUT_MS);

  test('loses and doubles no acknowledged write', () => {
    const { report } = rehearsal;
    expect(report.reason).toBeNull();
    expect(report).toMatchObject({
      outcome: 'succeeded',
      engine: 'pglogical',
      writableSide: 'target',
      refusedApiCalls: [],
    });
    expect(report.writers).toMatchObject({ lost: 0, doubled: 0, torn: 0, phantom: 0, sequenceReuse: 0 });
    expect(report.writers?.acknowledged).toBeGreaterThan(500);
    expect(report.databases.flatMap(({ mismatchedTables }) => mismatchedTables)).toEqual([]);
    expect(holds(report)).toBe(true);
  });

  test('leaves nothing of pglogical on either side', () => {
    expect(left.length).toBeGreaterThanOrEqual(4);
    expect(left.filter((found) => found !== 0)).toEqual([]);
  });
});
