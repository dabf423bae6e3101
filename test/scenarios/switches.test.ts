import { holds } from '../../lib/rehearsal/report/report';
import type { SwitchKind } from '../../lib/rehearsal/run/door';
import { type Stubborn, startStubbornClient } from './stubborn-client';
import { rehearseTiny, SCENARIO_TIMEOUT_MS } from './tiny';

/** The kinds that no other scenario runs; each is tested alone too, and the proxy's waiting clients only here. */
const KINDS: readonly SwitchKind[] =
  process.env.SEALIFT_ALL === '1' ? ['rds-proxy', 'parameter', 'hook'] : ['rds-proxy'];

test.each(KINDS)(
  'applications that follow the switch %s are moved without losing a commit, a canary follows them, and who stays is refused',
  async (kind) => {
    let calls: readonly { readonly service: string; readonly operation: string }[] = [];
    let stop: () => Promise<Stubborn> = () => Promise.reject(new Error('there was no stubborn client'));
    let stubborn: Stubborn | undefined;
    const { report, logs } = await rehearseTiny(
      {
        beforeMigration: async ({ source, writerDatabases: [first] }) => {
          if (first !== undefined) stop = startStubbornClient(source, first, first.database);
        },
        afterMigration: async ({ aws }) => {
          // Long enough to be let in again, if anybody were.
          await new Promise((resolve) => setTimeout(resolve, 2_000));
          stubborn = await stop();
          calls = aws.plane.journal();
        },
      },
      { switch: kind },
    );
    expect(report.reason).toBeNull();
    expect(report).toMatchObject({ outcome: 'succeeded', writableSide: 'target', refusedApiCalls: [] });
    expect(report.writers).toMatchObject({ lost: 0, doubled: 0, onlyOnSource: 0 });
    expect(report.writers?.acknowledged).toBeGreaterThan(500);
    expect(holds(report)).toBe(true);
    expect(report.outageMs.canary?.how).toBe(kind === 'rds-proxy' ? 'proxy' : 'server');
    expect(calls.map(({ service }) => service)).not.toContain('route53');
    expect(stubborn).toMatchObject({ acceptedAgain: 0 });
    const { accepted = 0, refused = 0 } = (stubborn as Stubborn | undefined) ?? {};
    expect([accepted > 10, refused > 10]).toEqual([true, true]);
    const told = logs.map(({ line }) => line).join('\n');
    expect(told.indexOf('canary landed')).toBeGreaterThan(told.indexOf('switch turned'));
    if (kind !== 'rds-proxy') return;
    const changes = calls.map(({ operation }) => operation).filter((name) => name.endsWith('gisterDBProxyTargets'));
    expect(changes).toEqual(['DeregisterDBProxyTargets', 'RegisterDBProxyTargets']);
  },
  SCENARIO_TIMEOUT_MS,
);
