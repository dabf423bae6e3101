import { holds, type Report } from '../../lib/rehearsal/report/report';
import type { Rehearsal } from '../../lib/rehearsal/run/rehearse';
import { rehearseTiny, SCENARIO_TIMEOUT_MS } from './tiny';

describe('applications that follow a secret to the target and back', () => {
  let current: Record<string, unknown> = {};
  let previous: Record<string, unknown> = {};
  let asked: readonly string[] = [];
  let run: Rehearsal;
  let report: Report;
  beforeAll(async () => {
    run = await rehearseTiny(
      {
        scanCopy: true,
        afterMigration: async ({ aws }) => {
          const { secrets } = aws.plane;
          const secret = secrets.get('rehearsal/application');
          current = JSON.parse(secrets.version(secret).value);
          previous = JSON.parse(secrets.version(secret, { stage: 'AWSPREVIOUS' }).value);
          asked = aws.plane.journal().map(({ service }) => service);
        },
      },
      { switch: 'secret', rollback: true },
    );
    report = run.report;
  }, SCENARIO_TIMEOUT_MS);

  test('lose and double no commit on either way', () => {
    expect(report.reason).toBeNull();
    expect(report).toMatchObject({
      outcome: 'succeeded',
      writableSide: 'source',
      refusedApiCalls: [],
      rollback: { status: 'SUCCEEDED' },
    });
    expect(report.writers).toMatchObject({
      lost: 0,
      doubled: 0,
      torn: 0,
      phantom: 0,
      onlyOnSource: 0,
      sequenceReuse: 0,
    });
    expect(report.writers?.acknowledged).toBeGreaterThan(500);
    for (const outage of [report.outageMs, report.rollback?.outageMs]) {
      expect(outage?.total).toBeGreaterThan(0);
      expect(outage?.cutover).toBeGreaterThan(0);
    }
    expect(holds(report)).toBe(true);
    expect(report.scan.map(({ on, badRows }) => ({ on, badRows }))).toEqual([
      { on: 'target', badRows: 0 },
      { on: 'target', badRows: 0 },
    ]);
  });

  test('are told where to go by their secret alone, and no value of it is told to anybody else', () => {
    expect(asked).not.toContain('route53');
    expect(previous).toEqual({ ...current, host: previous.host, port: previous.port });
    expect(current.host).not.toBe(previous.host);
    const password = String(current.password);
    expect(password.length).toBeGreaterThan(20);
    const { logs, evidence } = run;
    const kept = [...logs.map(({ line }) => line), ...evidence.map(({ content }) => content.toString())].join('\n');
    expect(kept).toContain('switch turned');
    expect(kept).not.toContain(password);
  });
});
