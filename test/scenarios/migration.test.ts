import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ClientBase } from 'pg';
import { METRIC_DIMENSION, METRIC_NAMESPACE, METRICS, type MetricName } from '../../lambda/contract/metrics';
import { holds, type Report } from '../../lib/rehearsal/report/report';
import { writeReport } from '../../lib/rehearsal/report/write-report';
import { MIGRATION, SOURCE_INSTANCE } from '../../lib/rehearsal/run/place';
import type { Rehearsal } from '../../lib/rehearsal/run/rehearse';
import { OLD_ROWS } from './old-rows';
import { type Retirement, retireAtLast } from './retirement';
import { Silence } from './silence';
import { rehearseTiny, SCENARIO_TIMEOUT_MS } from './tiny';

/** What every whole migration emits; the source sets no limit to its slots, so nothing is left to measure until their loss. */
const ALWAYS_EMITTED = Object.keys(METRICS).filter((name) => name !== 'SlotSafeBytes' && !name.startsWith('WayBack'));

async function oldRows(session: Pick<ClientBase, 'query'>): Promise<number> {
  const { rows } = await session.query<{ old: string }>(OLD_ROWS);
  return Number(rows[0]?.old);
}

describe('a whole migration under full load', () => {
  const counted: number[] = [];
  let snapshots: readonly string[] = [];
  let retirement: Retirement | null = null;
  let rehearsal: Rehearsal;
  let report: Report;
  const silence = new Silence();

  beforeAll(async () => {
    rehearsal = await rehearseTiny(
      silence.around({
        pruneAndScan: true,
        thinkMs: 2,
        startTwice: true,
        beforeMigration: async ({ source }) => {
          counted.push(await source.withAdmin('lineage', oldRows));
        },
        windowOpen: true,
        // The first call that is allowed to close the way back dies in its middle; the next one goes on.
        chaos: (step, { count }) => (step === 'retire' && count === 2 ? { kill: 'after-ms', ms: 60 } : undefined),
        afterMigration: async (at) => {
          counted.push((await at.target()?.withAdmin('lineage', oldRows)) ?? -1);
          snapshots = at.aws.plane.rds.snapshots.list().map(({ snapshotId, status }) => `${snapshotId} ${status}`);
          retirement = await retireAtLast(at);
        },
      }),
      { writers: 4, onEvent: silence.onEvent },
    );
    report = rehearsal.report;
  }, SCENARIO_TIMEOUT_MS);

  test('a live database moves to its encrypted copy without losing or doubling a commit', () => {
    expect(report.reason).toBeNull();
    expect(report).toMatchObject({ outcome: 'succeeded', writableSide: 'target', refusedApiCalls: [] });
    expect(report.writers).toMatchObject({
      lost: 0,
      doubled: 0,
      torn: 0,
      phantom: 0,
      onlyOnSource: 0,
      sequenceReuse: 0,
    });
    expect(report.writers?.acknowledged).toBeGreaterThan(1000);
    expect(report.databases.map(({ name }) => name)).toEqual(['catalog', 'lineage']);
    expect(report.databases.flatMap(({ mismatchedTables }) => mismatchedTables)).toEqual([]);
    expect(report.databases.every(({ rowsIdentical }) => rowsIdentical > 0)).toBe(true);
    expect(holds(report)).toBe(true);
    const cutover = rehearsal.evidence.find(({ name }) => name === 'rehearsal-1-cutover.json');
    expect(JSON.parse(String(cutover?.content))).toMatchObject({ approval: { approvedBy: 'the rehearsal' } });
  });

  test('tells its numbers as metrics, the outage once', () => {
    const cutover = rehearsal.evidence.find(({ name }) => name === 'rehearsal-1-cutover.json');
    const emitted = rehearsal.metrics.filter(({ namespace }) => namespace === METRIC_NAMESPACE);
    expect([...new Set(emitted.map(({ name }) => name))].sort()).toEqual(expect.arrayContaining(ALWAYS_EMITTED));
    expect(emitted.filter(({ name, unit }) => METRICS[name as MetricName]?.unit !== unit)).toEqual([]);
    expect(new Set(emitted.map(({ dimensions }) => JSON.stringify(dimensions)))).toEqual(
      new Set([JSON.stringify({ [METRIC_DIMENSION]: MIGRATION })]),
    );
    const outage = emitted.filter(({ name }) => name === 'Outage');
    expect(outage.map(({ value }) => value)).toEqual([JSON.parse(String(cutover?.content)).outageMs.total]);
  });

  test('leaves a report, its histories and its evidence', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'sealift-report-'));
    try {
      await writeReport(directory, rehearsal);
      expect(JSON.parse(await readFile(join(directory, 'report.json'), 'utf8'))).toEqual(
        JSON.parse(JSON.stringify(report)),
      );
      const page = await readFile(join(directory, 'report.html'), 'utf8');
      expect(page).toContain('nothing lost, nothing doubled, nothing different');
      expect(page).not.toMatch(/<script|https?:\/\//);
      for (const words of ['default, set to full', 'the source stays fenced', 'public.metric_event_default']) {
        expect(page).toContain(words);
      }
      expect(await readdir(directory)).toContain('history-cutover.json');
      expect(await readdir(join(directory, 'evidence'))).toContain('rehearsal-1-verification.json');
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  });

  test('tells no password, host, row or connection string in a state, log, notification, report or template', () =>
    silence.expectKept(rehearsal));

  test('old rows stay behind in the baseline, and nothing that is kept is lost under full load', () => {
    expect(snapshots.filter((one) => one.includes('baseline')).sort()).toEqual([
      'sealift-rehearsal-baseline available',
      'sealift-rehearsal-baseline-encrypted available',
    ]);
    expect(report.pruning).toMatchObject({ keptIn: 'sealift-rehearsal-baseline-encrypted' });
    expect(report.pruning?.rows).toBeGreaterThan(100);
    expect(counted[0]).toBeGreaterThan(100);
    expect(counted[1]).toBe(0);
    const pruned = rehearsal.evidence.find(({ name }) => name.endsWith('prune.json'));
    expect(JSON.parse(String(pruned?.content))).toMatchObject({ problems: [], kept: expect.any(Number) });
  });

  test('a second start of the same migration is refused and names the first execution', () => {
    const [first, second] = report.executions;
    expect(first?.status).toBe('SUCCEEDED');
    expect(second).toMatchObject({ status: 'FAILED', error: 'Blocked' });
    expect(second?.cause).toContain(first?.arn);
  });

  test('the source is not retired while somebody may go back', () => {
    const { before, refused, afterRefusal } = retirement as Retirement;
    expect(refused).toMatchObject({ status: 'FAILED', error: 'Blocked' });
    expect(before.subscriptions.length).toBeGreaterThan(0);
    expect(before.slots.length).toBeGreaterThan(0);
    expect(afterRefusal).toEqual(before);
  });

  test('a source that was retired halfway is retired by the next start, and answers alike to one more', () => {
    const { stopped, finished, again } = retirement as Retirement;
    expect(stopped.status).toBe('ABORTED');
    // The refusal is one, the killed call the other.
    expect(report.failedSteps.filter(({ step }) => step === 'retire').length).toBeGreaterThan(1);
    expect([finished.status, again.status]).toEqual(['SUCCEEDED', 'SUCCEEDED']);
    const { report: _, ...said } = finished.output;
    expect(again.output).toMatchObject(said);
  });

  test('a retired source has lost its way back and nothing else, and what is left of it is listed', () => {
    const { before, after, finished } = retirement as Retirement;
    expect([after.subscriptions, after.slots, after.publications]).toEqual([[], [], []]);
    expect(after.tables).toEqual(before.tables);
    expect(after.instances).toEqual(before.instances);
    expect(after.snapshots).toEqual(expect.arrayContaining([...before.snapshots]));
    expect(finished.output).toMatchObject({
      phase: 'retired',
      snapshot: { snapshotId: `sealift-${MIGRATION}-final-encrypted` },
    });
    const left = finished.output.leftovers as { kind: string; name: string; encryption: string; remedy: string }[];
    expect(left.map(({ kind, name, encryption }) => `${kind} ${name} ${encryption}`)).toEqual(
      expect.arrayContaining([
        `instance ${SOURCE_INSTANCE} none`,
        `snapshot sealift-${MIGRATION}-seed none`,
        `snapshot sealift-${MIGRATION}-final none`,
      ]),
    );
    for (const { remedy } of left) expect(remedy.length).toBeGreaterThan(20);
    const unencrypted = after.snapshots.filter((name) => !name.endsWith('-encrypted'));
    expect(left.flatMap(({ kind, name }) => (kind === 'snapshot' ? [name] : [])).sort()).toEqual(unencrypted.sort());
  });
});
