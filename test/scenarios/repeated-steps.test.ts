import { rehearseTiny, SCENARIO_TIMEOUT_MS } from './tiny';

test(
  'every step invoked twice changes nothing more than once',
  async () => {
    const { report } = await rehearseTiny({ pruneAndScan: true, chaos: () => 'twice' });
    expect(report.reason).toBeNull();
    expect(report).toMatchObject({ outcome: 'succeeded', writableSide: 'target' });
    expect(report.writers).toMatchObject({ lost: 0, doubled: 0, torn: 0, phantom: 0, sequenceReuse: 0 });
    expect(report.databases.flatMap(({ mismatchedTables }) => mismatchedTables)).toEqual([]);
  },
  SCENARIO_TIMEOUT_MS,
);
