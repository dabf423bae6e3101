import { ACCOUNT, MIGRATION, REGION } from '../../lib/rehearsal/run/place';
import { rehearseTiny, SCENARIO_TIMEOUT_MS } from './tiny';

test(
  'a damaged source that was pruned before is repaired and moved, also when the repair is killed after its effect',
  async () => {
    let kept: unknown[] = [];
    let prunedAlone: unknown = null;
    const { report, evidence } = await rehearseTiny(
      {
        pruneAndScan: true,
        chaos: (step, { count }) => (step === 'quarantine' && count === 1 ? 'kill-after-effect' : undefined),
        beforeMigration: async ({ aws }) => {
          const stateMachineArn = `arn:aws:states:${REGION}:${ACCOUNT}:stateMachine:sealift-${MIGRATION}-prune`;
          const { executionArn } = aws.machines.startExecution({ stateMachineArn, name: 'alone', input: {} });
          await aws.machines.result(executionArn);
          prunedAlone = JSON.parse(aws.machines.describeExecution(executionArn).output ?? 'null');
        },
        afterMigration: async ({ source }) => {
          kept = await source.withAdmin('catalog', async (session) => {
            const { rows } = await session.query(
              `select kind, relation, columns->>'media_type' is not null as readable, unreadable from sealift.quarantine order by id`,
            );
            return rows;
          });
        },
      },
      { damage: true },
    );
    expect(report.reason).toBeNull();
    expect(report).toMatchObject({ outcome: 'succeeded', writableSide: 'target', refusedApiCalls: [] });
    expect(report.writers).toMatchObject({ lost: 0, doubled: 0, torn: 0, phantom: 0 });
    expect(report.failedSteps.map(({ step }) => step)).toContain('quarantine');
    const row = { kind: 'row', relation: '"profiling"."blob"', readable: true, unreadable: { content: 'XX001' } };
    const page = { kind: 'page', relation: '"assets"."asset_column"', readable: false, unreadable: {} };
    expect(kept).toHaveLength(3);
    expect(kept).toEqual(expect.arrayContaining([row, row, page]));
    // The second pruning finds what grew old in a minute and what the application pointed away from meanwhile.
    const first = prunedAlone as { readonly outcome: string; readonly pruning: { readonly rows: number } } | null;
    expect(first).toMatchObject({ outcome: 'pruned' });
    expect(first?.pruning.rows).toBeGreaterThan(500);
    expect(report.pruning?.rows).toBeLessThan(50);
    const [catalog, lineage] = report.scan;
    expect(catalog).toMatchObject({ badRows: 2, badPages: 1, rowsRemoved: 2, pagesLost: 1 });
    expect(catalog?.summary).toContain('failed: ["profiling"."blob", "assets"."asset_column", "assets"."annotation"]');
    expect(lineage?.summary).toMatch(/^Total tables scanned: \d+, failed: \[\]$/);
    const said = evidence
      .filter(({ name }) => /-(scan|quarantine)\.json$/.test(name))
      .map(({ content }) => String(content));
    expect(said).toHaveLength(2);
    expect(said.join()).not.toContain('no index knows me');
  },
  SCENARIO_TIMEOUT_MS,
);
