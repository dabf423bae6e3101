import { holds } from '../../lib/rehearsal/report/report';
import { rehearseTiny, SCENARIO_TIMEOUT_MS } from './tiny';

test(
  'applications that follow a secret are moved without losing a commit, and nothing of Route 53 is asked',
  async () => {
    const { report, logs, evidence } = await rehearseTiny({}, { switch: 'secret' });
    expect(report.reason).toBeNull();
    expect(report).toMatchObject({ outcome: 'succeeded', writableSide: 'target', refusedApiCalls: [] });
    expect(report.writers).toMatchObject({ lost: 0, doubled: 0, onlyOnSource: 0 });
    expect(report.writers?.acknowledged).toBeGreaterThan(500);
    expect(holds(report)).toBe(true);
    const kept = [...logs.map(({ line }) => line), ...evidence.map(({ content }) => content.toString())].join('\n');
    expect(kept).toContain('switch turned');
    expect(kept).not.toContain('kept as it is');
  },
  SCENARIO_TIMEOUT_MS,
);
