import type { ClientBase } from 'pg';
import { rehearseTiny, SCENARIO_TIMEOUT_MS } from './tiny';

/** Old rows of the reference policy that nothing can keep. */
const OLD = `
  select (select count(*) from public.execution_event where occurred_at < now() - interval '6 months 1 hour')
    + (select count(*) from public.expression_mention where mentioned_at < now() - interval '6 months 1 hour')
    + (select count(*) from public.unresolved_mention where seen_at < now() - interval '6 months 1 hour')
    + (select count(*) from public.change_statistic where day < current_date - interval '5 months 1 day')
    + (select count(*) from public.metric_event where at < now() - interval '30 days 1 hour') as old`;

async function oldRows(session: Pick<ClientBase, 'query'>): Promise<number> {
  const { rows } = await session.query<{ old: string }>(OLD);
  return Number(rows[0]?.old);
}

test(
  'old rows stay behind in the baseline, and nothing that is kept is lost under full load',
  async () => {
    const counted: number[] = [];
    const { report, evidence } = await rehearseTiny({
      pruneAndScan: true,
      beforeMigration: async ({ source }) => {
        counted.push(await source.withAdmin('lineage', oldRows));
      },
      afterMigration: async ({ target, aws }) => {
        counted.push((await target()?.withAdmin('lineage', oldRows)) ?? -1);
        const snapshots = aws.plane.rds.snapshots.list().map(({ snapshotId, status }) => `${snapshotId} ${status}`);
        expect(snapshots.filter((one) => one.includes('baseline')).sort()).toEqual([
          'sealift-rehearsal-baseline available',
          'sealift-rehearsal-baseline-encrypted available',
        ]);
      },
    });
    expect(report).toMatchObject({ outcome: 'succeeded', reason: null, writableSide: 'target' });
    expect(report.writers).toMatchObject({ lost: 0, doubled: 0, torn: 0, phantom: 0 });
    expect(report.pruning).toMatchObject({ keptIn: 'sealift-rehearsal-baseline-encrypted' });
    expect(report.pruning?.rows).toBeGreaterThan(100);
    expect(counted[0]).toBeGreaterThan(100);
    expect(counted[1]).toBe(0);
    const pruned = evidence.find(({ name }) => name.endsWith('prune.json'));
    expect(JSON.parse(String(pruned?.content))).toMatchObject({ problems: [], kept: expect.any(Number) });
  },
  SCENARIO_TIMEOUT_MS,
);
