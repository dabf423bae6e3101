import { holds } from '../../lib/rehearsal/report/report';
import { rehearseTiny, SCENARIO_TIMEOUT_MS } from './tiny';

test(
  'applications that follow a secret are moved without losing a commit, and no value of it is told',
  async () => {
    let current: Record<string, unknown> = {};
    let previous: Record<string, unknown> = {};
    let asked: readonly string[] = [];
    const { report, logs, evidence } = await rehearseTiny(
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
      { switch: 'secret' },
    );
    expect(report.reason).toBeNull();
    expect(report).toMatchObject({ outcome: 'succeeded', writableSide: 'target', refusedApiCalls: [] });
    expect(report.writers).toMatchObject({ lost: 0, doubled: 0, onlyOnSource: 0 });
    expect(report.writers?.acknowledged).toBeGreaterThan(500);
    expect(holds(report)).toBe(true);
    expect(report.scan.map(({ on, badRows }) => ({ on, badRows }))).toEqual([
      { on: 'target', badRows: 0 },
      { on: 'target', badRows: 0 },
    ]);

    expect(asked).not.toContain('route53');
    expect(previous).toEqual({ ...current, host: previous.host, port: previous.port });
    expect(current.host).not.toBe(previous.host);
    const password = String(current.password);
    expect(password.length).toBeGreaterThan(20);
    const kept = [...logs.map(({ line }) => line), ...evidence.map(({ content }) => content.toString())].join('\n');
    expect(kept).toContain('switch turned');
    expect(kept).not.toContain(password);
  },
  SCENARIO_TIMEOUT_MS,
);
