import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { holds } from '../../lib/rehearsal/report/report';
import { writeReport } from '../../lib/rehearsal/report/write-report';
import { rehearseTiny, SCENARIO_TIMEOUT_MS } from './tiny';

test(
  'a live database moves to its encrypted copy without losing or doubling a commit',
  async () => {
    const rehearsal = await rehearseTiny({}, { writers: 4 });
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
  'a second start of the same migration is refused and names the first execution',
  async () => {
    const { report } = await rehearseTiny({ startTwice: true });
    const [first, second] = report.executions;
    expect(first?.status).toBe('SUCCEEDED');
    expect(second).toMatchObject({ status: 'FAILED', error: 'Blocked' });
    expect(second?.cause).toContain(first?.arn);
    expect(report).toMatchObject({ outcome: 'succeeded', writableSide: 'target' });
    expect(report.writers).toMatchObject({ lost: 0, doubled: 0 });
  },
  SCENARIO_TIMEOUT_MS,
);
