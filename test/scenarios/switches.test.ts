import { holds } from '../../lib/rehearsal/report/report';
import type { SwitchKind } from '../../lib/rehearsal/run/door';
import { rehearseTiny, SCENARIO_TIMEOUT_MS } from './tiny';

/** The kinds that no other scenario runs; each is tested alone too, and the proxy's waiting clients only here. */
const KINDS: readonly SwitchKind[] =
  process.env.SEALIFT_ALL === '1' ? ['rds-proxy', 'parameter', 'hook'] : ['rds-proxy'];

test.each(KINDS)(
  'applications that follow the switch %s are moved without losing a commit, and a canary follows them',
  async (kind) => {
    let calls: readonly { readonly service: string; readonly operation: string }[] = [];
    const { report, logs } = await rehearseTiny(
      {
        afterMigration: async ({ aws }) => {
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
    const told = logs.map(({ line }) => line).join('\n');
    expect(told.indexOf('canary landed')).toBeGreaterThan(told.indexOf('switch turned'));
    if (kind !== 'rds-proxy') return;
    const changes = calls.map(({ operation }) => operation).filter((name) => name.endsWith('gisterDBProxyTargets'));
    expect(changes).toEqual(['DeregisterDBProxyTargets', 'RegisterDBProxyTargets']);
  },
  SCENARIO_TIMEOUT_MS,
);
