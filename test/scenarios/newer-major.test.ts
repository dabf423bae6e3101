import { holds } from '../../lib/rehearsal/report/report';
import { pageOf } from '../../lib/rehearsal/report/write-report';
import { connect } from '../../lib/rehearsal/run/master-session';
import { OUTSIDE_HOST, OUTSIDE_SOURCE } from '../../lib/rehearsal/run/place';
import type { Rehearsal } from '../../lib/rehearsal/run/rehearse';
import { rehearseTiny, SCENARIO_TIMEOUT_MS } from './tiny';

/** A role of the sample that no writer uses: the configuration names no secret for it. */
const FORGOTTEN = 'reporting';

// The copy road from an instance of RDS is what `npm run chaos -- --road copy` takes.
describe('a whole migration of a server that AWS does not manage, to a newer major, under full load', () => {
  let rehearsal: Rehearsal;
  let snapshots: readonly string[] = [];
  let instances: readonly string[] = [];
  let calls: readonly string[] = [];
  let loggedInAs = '';
  let passwords: Readonly<Record<string, string>> = {};

  beforeAll(async () => {
    rehearsal = await rehearseTiny(
      {
        thinkMs: 2,
        afterMigration: async ({ aws, target }) => {
          const { rds, secrets } = aws.plane;
          snapshots = rds.snapshots.list().map(({ snapshotId }) => snapshotId);
          instances = rds.instances.list().map(({ instanceId }) => instanceId);
          calls = aws.plane
            .journal()
            .filter(({ service }) => service === 'rds')
            .map(({ operation, resources }) => `${operation} ${resources.join()}`);
          const kept = secrets.all().find(({ name }) => name.includes('RolePasswords'));
          const server = target();
          if (!kept || !server) return;
          passwords = JSON.parse(secrets.version(kept).value) as Record<string, string>;
          const login = { user: FORGOTTEN, password: passwords[FORGOTTEN] ?? '' };
          const session = await connect(server, login, 'catalog');
          loggedInAs = (await session.query<{ me: string }>('select current_user as me')).rows[0]?.me ?? '';
          await session.end();
        },
      },
      { road: 'copy', sourceKind: 'server', sourceVersion: 15, targetVersion: 17, writers: 4 },
    );
  }, SCENARIO_TIMEOUT_MS);

  test('moves to a newer major over connections and loses no acknowledged write', () => {
    const { report } = rehearsal;
    expect(report.reason).toBeNull();
    expect(report).toMatchObject({ outcome: 'succeeded', writableSide: 'target', refusedApiCalls: [], road: 'copy' });
    expect(report.writers).toMatchObject({
      lost: 0,
      doubled: 0,
      torn: 0,
      phantom: 0,
      onlyOnSource: 0,
      sequenceReuse: 0,
    });
    expect(report.writers?.acknowledged).toBeGreaterThan(1000);
    expect(report.databases.flatMap(({ mismatchedTables }) => mismatchedTables)).toEqual([]);
    expect(report.databases.every(({ rowsIdentical }) => rowsIdentical > 0)).toBe(true);
    expect([report.sourceVersion, report.targetVersion].map((version) => version.split('.')[0])).toEqual(['15', '17']);
    expect(holds(report)).toBe(true);
  });

  test('asks RDS nothing about the source', () => {
    expect(instances).toEqual(['sealift-rehearsal-target']);
    expect(calls.length).toBeGreaterThan(0);
    expect(calls.filter((call) => call.includes(OUTSIDE_SOURCE) || /DBSnapshot/.test(call))).toEqual([]);
  });

  test('keeps the host of the source out of states, logs and reports', () => {
    const { logs, histories, report } = rehearsal;
    const told = [...logs.map(({ line }) => line), ...histories.map(({ content }) => String(content))].join('\n');
    expect(told).toContain(OUTSIDE_SOURCE);
    expect(told + JSON.stringify(report)).not.toContain(OUTSIDE_HOST);
  });

  test('takes no snapshot, and says what came instead of a seed', () => {
    const { report } = rehearsal;
    expect(snapshots).toEqual([]);
    expect(report).toMatchObject({ seedLsn: null, seedOrigin: null });
    expect(report.copy?.rows).toBeGreaterThan(10_000);
    const page = pageOf(rehearsal);
    expect(page).toContain('were copied over connections');
    expect(page).not.toContain('seed LSN');
  });

  test('a role keeps its password where a secret has it, and logs in with a new one otherwise', () => {
    expect(rehearsal.report.copy?.newPasswords).toContain(FORGOTTEN);
    expect(rehearsal.report.copy?.newPasswords).not.toContain('catalog_app');
    expect(loggedInAs).toBe(FORGOTTEN);
  });

  test('no new password is told, logged, kept as evidence or passed through a state', () => {
    const { logs, evidence, histories, report } = rehearsal;
    const told = [
      ...logs.map(({ line }) => line),
      ...evidence.map(({ content }) => content.toString('utf8')),
      ...histories.map(({ content }) => String(content)),
      JSON.stringify(report),
    ].join('\n');
    expect(Object.keys(passwords).length).toBeGreaterThan(1);
    expect(Object.keys(passwords).filter((role) => told.includes(passwords[role] ?? ''))).toEqual([]);
  });
});
