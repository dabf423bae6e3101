import * as fc from 'fast-check';
import { readInstanceClass } from '../../../lambda/assess/instance-class';
import { ASSUMED, type PredictionFacts, predict } from '../../../lambda/assess/prediction';
import { type SizingFacts, sizeTarget } from '../../../lambda/assess/sizing';
import { walRate } from '../../../lambda/assess/volume';
import { healthySurroundings } from './assessed-source';

const CONFIGURED = healthySurroundings(17).target;
const SIZES = ['large', 'xlarge', '2xlarge', '4xlarge', '8xlarge', '12xlarge', '16xlarge', '24xlarge'];

const classes = fc
  .tuple(fc.constantFrom('m7g', 'r6i', 'm6g', 'x2g'), fc.constantFrom(...SIZES))
  .map(([family, size]) => `db.${family}.${size}`);

const facts: fc.Arbitrary<SizingFacts> = fc.record({
  road: fc.constantFrom('snapshot' as const, 'copy' as const),
  sourceClass: classes,
  sourceStorageGib: fc.integer({ min: 20, max: 65_536 }),
  databaseBytes: fc.integer({ min: 0, max: 100 * 2 ** 40 }),
  relations: fc.integer({ min: 0, max: 500_000 }),
  connectedSessions: fc.integer({ min: 0, max: 5_000 }),
  activeSessions: fc.integer({ min: 0, max: 500 }),
  configured: classes.map((instanceClass) => ({ ...CONFIGURED, instanceClass })),
  configuredWorkers: fc.integer({ min: 1, max: 8 }),
  mostStorageGib: fc.constantFrom(null, 16_384, 65_536),
});

describe('the advised storage', () => {
  it('is twice the databases, at least 20 GiB and a source that is restored, at most what RDS offers unless that has more', () => {
    fc.assert(
      fc.property(facts, (given) => {
        const { advised } = sizeTarget(given).allocatedStorageGib;
        const most = given.mostStorageGib ?? 65_536;
        const doubled = (2 * given.databaseBytes) / 2 ** 30;
        const floor = given.road === 'copy' ? 0 : (given.sourceStorageGib ?? 0);
        expect(advised).toBeGreaterThanOrEqual(Math.max(20, floor));
        expect(advised).toBeGreaterThanOrEqual(Math.min(doubled, most));
        expect(advised).toBeLessThanOrEqual(Math.max(most, floor));
        expect(Number.isInteger(advised)).toBe(true);
      }),
    );
  });

  it('grows with the databases', () => {
    fc.assert(
      fc.property(facts, fc.integer({ min: 0, max: 2 ** 45 }), (given, more) => {
        const larger = { ...given, databaseBytes: given.databaseBytes + more };
        expect(sizeTarget(larger).allocatedStorageGib.advised).toBeGreaterThanOrEqual(
          sizeTarget(given).allocatedStorageGib.advised,
        );
      }),
    );
  });

  it.each([
    [0, 20, 20],
    [15 * 2 ** 30, 20, 30],
    [15 * 2 ** 30 + 1, 20, 40],
    [15 * 2 ** 30, 400, 400],
    [600 * 2 ** 30, 400, 1200],
    [40_000 * 2 ** 30, 400, 65_536],
  ])('of %d bytes on %d GiB is %d GiB', (databaseBytes, sourceStorageGib, advised) => {
    const given = { ...quiet('db.m7g.large', 'db.m7g.large'), databaseBytes, sourceStorageGib };
    expect(sizeTarget(given).allocatedStorageGib).toMatchObject({ advised, configured: 20 });
  });
});

describe('the advised instance class', () => {
  it('is of the configured family and never smaller than the source, unless its family ends before', () => {
    fc.assert(
      fc.property(facts, (given) => {
        const advised = readInstanceClass(sizeTarget(given).instanceClass.advised);
        const source = readInstanceClass(given.sourceClass ?? '');
        expect(advised?.family).toBe(readInstanceClass(given.configured.instanceClass)?.family);
        const largest = advised?.size === '48xlarge';
        expect(largest || (advised?.vcpus ?? 0) >= (source?.vcpus ?? Number.NaN)).toBe(true);
        expect(largest || (advised?.memoryGib ?? 0) >= (source?.memoryGib ?? Number.NaN)).toBe(true);
      }),
    );
  });

  it.each([
    ['the same for a quiet source', quiet('db.m7g.large', 'db.m7g.large'), 'db.m7g.large'],
    ['of the memory that another family has', quiet('db.r7g.large', 'db.m7g.large'), 'db.m7g.xlarge'],
    [
      'larger for many active sessions',
      { ...quiet('db.m7g.large', 'db.m7g.large'), activeSessions: 17 },
      'db.m7g.2xlarge',
    ],
    ['larger for many relations', { ...quiet('db.m7g.large', 'db.m7g.large'), relations: 60_000 }, 'db.m7g.xlarge'],
    [
      'larger for many connections',
      { ...quiet('db.m7g.large', 'db.m7g.large'), connectedSessions: 800 },
      'db.m7g.2xlarge',
    ],
    ['burstable when both are', quiet('db.t4g.micro', 'db.t4g.medium'), 'db.t4g.micro'],
    ['the source itself when a name tells nothing', quiet('db.serverless', 'db.m7g.large'), 'db.serverless'],
  ])('is %s', (_title, given, advised) => {
    expect(sizeTarget(given).instanceClass).toMatchObject({ advised, basis: expect.stringMatching(/\w/) });
  });
});

describe('the advised workers', () => {
  it.each([
    ['db.t4g.micro', 'db.m7g.4xlarge', 1],
    ['db.m7g.large', 'db.m7g.large', 1],
    ['db.m7g.2xlarge', 'db.m7g.4xlarge', 4],
    ['db.m7g.16xlarge', 'db.m7g.16xlarge', 8],
  ])('of %s and %s are %d', (source, target, advised) => {
    expect(sizeTarget(quiet(source, target)).verifyWorkers.advised).toBe(advised);
  });
});

describe('the prediction', () => {
  const copies = fc.record({ workers: fc.integer({ min: 1, max: 16 }), builds: fc.integer({ min: 1, max: 16 }) });
  const predicted: fc.Arbitrary<PredictionFacts> = fc.record({
    copies: fc.option(copies),
    databaseBytes: fc.integer({ min: 0, max: 64 * 2 ** 40 }),
    verifiedBytes: fc.integer({ min: 0, max: 64 * 2 ** 40 }),
    verifyWorkers: fc.integer({ min: 1, max: 8 }),
    prunedTables: fc.nat({ max: 100 }),
    scanWorkers: fc.option(fc.integer({ min: 1, max: 8 })),
    walBytesPerSecond: fc.double({ min: 0, max: 1e9, noNaN: true }),
    walBasis: fc.constant('measured'),
    keylessBytes: fc.integer({ min: 0, max: 2 ** 40 }),
    recordTtlSeconds: fc.integer({ min: 1, max: 300 }),
    switchKind: fc.constantFrom('route53' as const, 'secret' as const),
  });

  it('is finite, with a basis for everything, and its sums agree', () => {
    fc.assert(
      fc.property(predicted, (given) => {
        const { phases, retentionSeconds, walRetainedBytes, outageMs, outageBasis } = predict(given);
        for (const phase of phases) {
          expect(Number.isSafeInteger(phase.seconds)).toBe(true);
          expect(phase.seconds).toBeGreaterThanOrEqual(0);
          expect(phase.basis).toMatch(/assumed|measured/);
        }
        const until = phases.findIndex(({ phase }) => phase === 'Catch up');
        // The source keeps WAL from the slots on, and they are made after pruning and scan.
        const from = phases.findIndex(({ phase }) => phase === 'Prepare');
        expect(phases.slice(0, from).map(({ phase }) => phase)).toEqual([
          ...(given.prunedTables > 0 ? ['Prune'] : []),
          ...(given.scanWorkers === null ? [] : ['Scan']),
          ...(given.copies === null ? [] : ['Empty target']),
        ]);
        const summed = phases.slice(from, until + 1).reduce((sum, { seconds }) => sum + seconds, 0);
        expect(retentionSeconds).toBe(summed);
        expect(walRetainedBytes).toBe(Math.round(given.walBytesPerSecond * retentionSeconds));
        expect(outageMs).toBeGreaterThanOrEqual(given.recordTtlSeconds * 1000 + ASSUMED.fencedMs);
        expect(outageBasis).toContain(given.switchKind === 'route53' ? 'Route 53' : 'read the secret again');
      }),
    );
  });

  it('says that no figure of AWS stands behind the encrypted copy, and that a fast writer may not be caught up with', () => {
    const given = { ...idle(), walBytesPerSecond: 19e6 };
    const basis = (phase: string) => predict(given).phases.find((each) => each.phase === phase)?.basis;
    expect(basis('Encrypted copy')).toContain('AWS states no figure');
    expect(basis('Catch up')).toContain('may not catch up');
  });

  it('adds the reading of tables without a key to the outage', () => {
    const { outageMs } = predict(idle());
    expect(predict({ ...idle(), keylessBytes: 100e6 }).outageMs).toBe(outageMs + 2_000);
  });

  it('copies rows in a time that follows size and workers, without any snapshot', () => {
    const names = (given: PredictionFacts) => predict(given).phases.map(({ phase }) => phase);
    const copying = (workers: number) => {
      const given = { ...idle(), copies: { workers, builds: 2 } };
      return predict(given).phases.find(({ phase }) => phase === 'Copy rows')?.seconds;
    };
    expect(names({ ...idle(), copies: { workers: 1, builds: 1 } })).toEqual([
      ...['Empty target', 'Prepare', 'Schema', 'Copy rows', 'Indexes and constraints'],
      ...['Catch up', 'Verify', 'Cutover'],
    ]);
    expect([copying(1), copying(4)]).toEqual([1000, 250]);
  });

  function idle(): PredictionFacts {
    return {
      copies: null,
      databaseBytes: 10e9,
      verifiedBytes: 10e9,
      verifyWorkers: 1,
      prunedTables: 0,
      scanWorkers: null,
      walBytesPerSecond: 0,
      walBasis: 'measured',
      keylessBytes: 0,
      recordTtlSeconds: 5,
      switchKind: 'route53',
    };
  }
});

describe('the WAL rate', () => {
  it('is the larger of average and sample, and says both', () => {
    const rate = walRate({ bytesPerSecond: 2e6, seconds: 86_400 }, 1e6, 1.2);
    expect(rate).toMatchObject({ bytesPerSecond: 2e6, sampledBytesPerSecond: 1e6 });
    expect(rate.basis).toContain('1.0 MB/s in 1.2 s');
    expect(rate.basis).toContain('2.0 MB/s on average over 24 h');
    expect(walRate(null, 3, 1)).toMatchObject({ bytesPerSecond: 3, averageBytesPerSecond: null });
  });
});

function quiet(sourceClass: string, instanceClass: string): SizingFacts {
  return {
    road: 'snapshot',
    sourceClass,
    sourceStorageGib: 20,
    databaseBytes: 1e9,
    relations: 100,
    connectedSessions: 10,
    activeSessions: 1,
    configured: { ...CONFIGURED, instanceClass },
    configuredWorkers: 4,
    mostStorageGib: null,
  };
}
