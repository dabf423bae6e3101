import { holds } from '../../lib/rehearsal/report/report';
import { OUTSIDE_HOST, OUTSIDE_SOURCE } from '../../lib/rehearsal/run/place';
import type { Rehearsal } from '../../lib/rehearsal/run/rehearse';
import { rehearseTiny, SCENARIO_TIMEOUT_MS } from './tiny';

describe('a whole migration of a server that AWS does not manage, under load', () => {
  let rehearsal: Rehearsal;
  let instances: readonly string[] = [];
  let calls: readonly string[] = [];
  let snapshots = -1;

  beforeAll(async () => {
    rehearsal = await rehearseTiny(
      {
        thinkMs: 2,
        afterMigration: async ({ aws: { plane } }) => {
          instances = plane.rds.instances.list().map(({ instanceId }) => instanceId);
          snapshots = plane.rds.snapshots.list().length;
          calls = plane
            .journal()
            .filter(({ service }) => service === 'rds')
            .map(({ operation, resources }) => `${operation} ${resources.join()}`);
        },
      },
      { road: 'copy', sourceKind: 'server', writers: 4 },
    );
  }, SCENARIO_TIMEOUT_MS);

  test('loses no acknowledged write and no row', () => {
    const { report } = rehearsal;
    expect(report.reason).toBeNull();
    expect(report).toMatchObject({ outcome: 'succeeded', writableSide: 'target', refusedApiCalls: [], road: 'copy' });
    expect(report.writers).toMatchObject({ lost: 0, doubled: 0, torn: 0, phantom: 0, onlyOnSource: 0 });
    expect(report.writers?.acknowledged).toBeGreaterThan(500);
    expect(report.databases.flatMap(({ mismatchedTables }) => mismatchedTables)).toEqual([]);
    expect(holds(report)).toBe(true);
  });

  test('asks RDS nothing about it, and takes no snapshot', () => {
    expect(instances).toEqual(['sealift-rehearsal-target']);
    expect(snapshots).toBe(0);
    expect(calls.length).toBeGreaterThan(0);
    expect(calls.filter((call) => call.includes(OUTSIDE_SOURCE) || /DBSnapshot/.test(call))).toEqual([]);
  });

  test('keeps its host out of states, logs and reports', () => {
    const { logs, histories, report } = rehearsal;
    const told = [...logs.map(({ line }) => line), ...histories.map(({ content }) => String(content))].join('\n');
    expect(told).toContain(OUTSIDE_SOURCE);
    expect(told + JSON.stringify(report)).not.toContain(OUTSIDE_HOST);
  });
});
