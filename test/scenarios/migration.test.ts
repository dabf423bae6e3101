import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { METRIC_DIMENSION, METRIC_NAMESPACE, METRICS, type MetricName } from '../../lambda/contract/metrics';
import { holds } from '../../lib/rehearsal/report/report';
import { writeReport } from '../../lib/rehearsal/report/write-report';
import { ACCOUNT, MIGRATION, REGION, SOURCE_INSTANCE } from '../../lib/rehearsal/run/place';
import { rehearseTiny, SCENARIO_TIMEOUT_MS } from './tiny';

/** What every whole migration emits; the source sets no limit to its slots, so nothing is left to measure until their loss. */
const ALWAYS_EMITTED = Object.keys(METRICS).filter((name) => name !== 'SlotSafeBytes');

test(
  'a live database moves to its encrypted copy without losing or doubling a commit',
  async () => {
    const rehearsal = await rehearseTiny({ pruneAndScan: true, thinkMs: 2 }, { writers: 4 });
    const { report } = rehearsal;
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

    const emitted = rehearsal.metrics.filter(({ namespace }) => namespace === METRIC_NAMESPACE);
    expect([...new Set(emitted.map(({ name }) => name))].sort()).toEqual(expect.arrayContaining(ALWAYS_EMITTED));
    expect(emitted.filter(({ name, unit }) => METRICS[name as MetricName]?.unit !== unit)).toEqual([]);
    expect(new Set(emitted.map(({ dimensions }) => JSON.stringify(dimensions)))).toEqual(
      new Set([JSON.stringify({ [METRIC_DIMENSION]: MIGRATION })]),
    );
    const outage = emitted.filter(({ name }) => name === 'Outage');
    expect(outage.map(({ value }) => value)).toEqual([JSON.parse(String(cutover?.content)).outageMs.total]);

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
  },
  SCENARIO_TIMEOUT_MS,
);

test(
  'a second start of the same migration is refused and names the first execution, and the source is retired afterwards',
  async () => {
    let retired: Record<string, unknown> = {};
    const { report } = await rehearseTiny({
      startTwice: true,
      afterMigration: async ({ aws }) => {
        const stateMachineArn = `arn:aws:states:${REGION}:${ACCOUNT}:stateMachine:sealift-${MIGRATION}-retire`;
        const { executionArn } = aws.machines.startExecution({ stateMachineArn, name: 'retire', input: {} });
        await aws.machines.result(executionArn);
        retired = JSON.parse(aws.machines.describeExecution(executionArn).output ?? '{}');
      },
    });
    const [first, second] = report.executions;
    expect(first?.status).toBe('SUCCEEDED');
    expect(second).toMatchObject({ status: 'FAILED', error: 'Blocked' });
    expect(second?.cause).toContain(first?.arn);
    expect(report).toMatchObject({ outcome: 'succeeded', writableSide: 'target', refusedApiCalls: [] });
    expect(report.writers).toMatchObject({ lost: 0, doubled: 0 });
    expect(retired).toMatchObject({
      phase: 'retired',
      snapshot: { snapshotId: `sealift-${MIGRATION}-final-encrypted` },
    });
    const left = retired.leftovers as { kind: string; name: string; encryption: string }[];
    expect(left.map(({ kind, name, encryption }) => `${kind} ${name} ${encryption}`)).toEqual(
      expect.arrayContaining([
        `instance ${SOURCE_INSTANCE} none`,
        `snapshot sealift-${MIGRATION}-seed none`,
        `snapshot sealift-${MIGRATION}-final none`,
      ]),
    );
    expect(left.map(({ name }) => name)).not.toContain(`sealift-${MIGRATION}-final-encrypted`);
  },
  SCENARIO_TIMEOUT_MS,
);
