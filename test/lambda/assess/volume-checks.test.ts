import { volumeChecks } from '../../../lambda/assess/checks/volume';
import { type PredictionFacts, predict } from '../../../lambda/assess/prediction';
import { type SizingFacts, sizeTarget } from '../../../lambda/assess/sizing';
import type { Check, Surroundings } from '../../../lambda/contract/assessment';
import type { InstanceFacts } from '../../../lambda/contract/instance';
import { healthyInspection } from './assessed-source';
import { HEALTHY_SURVEY } from './healthy-survey';

const GIB = 2 ** 30;
const HEALTHY = healthyInspection(17);

interface Given {
  readonly databaseBytes?: number;
  readonly walBytesPerSecond?: number;
  readonly walDirectoryBytes?: number | null;
  readonly road?: SizingFacts['road'];
  readonly source?: Partial<InstanceFacts>;
  readonly attached?: Partial<NonNullable<Surroundings['source']>>;
  readonly sizing?: Partial<SizingFacts>;
}

function judge(given: Given): (id: string) => Check | undefined {
  const { databaseBytes = GIB, walBytesPerSecond = 0, walDirectoryBytes = 0, road = 'snapshot' } = given;
  const source = { ...HEALTHY.source, ...given.source };
  const attached = { ...HEALTHY.surroundings.source, ...given.attached };
  const surroundings = { ...HEALTHY.surroundings, source: attached };
  const predicted: PredictionFacts = {
    copies: null,
    databaseBytes,
    verifiedBytes: databaseBytes,
    verifyWorkers: 1,
    prunedTables: 0,
    scanWorkers: null,
    walBytesPerSecond,
    walBasis: 'measured',
    keylessBytes: 0,
    recordTtlSeconds: 5,
    switchKind: 'route53',
  };
  const amounts = {
    databaseBytes,
    databaseBytesComplete: true,
    walDirectoryBytes,
    connectedSessions: 1,
    activeSessions: 0,
  };
  const wal = {
    bytesPerSecond: walBytesPerSecond,
    averageBytesPerSecond: null,
    sampledBytesPerSecond: 0,
    basis: 'measured',
  };
  const checks = volumeChecks({
    road,
    storedBytes: databaseBytes,
    inspection: { ...HEALTHY, source, surroundings },
    server: HEALTHY_SURVEY,
    volume: { ...amounts, wal },
    sizing: sizeTarget({
      road,
      sourceClass: source.instanceClass,
      sourceStorageGib: source.allocatedStorageGib,
      databaseBytes,
      relations: 1,
      connectedSessions: 1,
      activeSessions: 0,
      configured: surroundings.target,
      configuredWorkers: 1,
      mostStorageGib: null,
      ...given.sizing,
    }),
    prediction: predict(predicted),
    databases: 1,
  });
  return (id) => checks.find((check) => check.id === id);
}

describe('the storage for WAL', () => {
  it('passes while the source has room for what the slots retain', () => {
    expect(judge({ walBytesPerSecond: 1e6 })('wal-storage')).toMatchObject({ verdict: 'pass', remedy: '' });
  });

  it('warns when databases, WAL directory and retained WAL do not fit together, and says how much would', () => {
    const fast = judge({ walBytesPerSecond: 9e6 })('wal-storage');
    expect(fast).toMatchObject({
      verdict: 'warn',
      detail: expect.stringContaining('of 20 GiB about 17.0 GiB are free'),
    });
    const [, gib = ''] = /storage to (\d+) GiB/.exec(fast?.remedy ?? '') ?? [];
    const enlarged = { allocatedStorageGib: Number(gib) };
    expect(judge({ walBytesPerSecond: 9e6, source: enlarged })('wal-storage')?.verdict).toBe('pass');
    expect(judge({ databaseBytes: 18 * GIB, walBytesPerSecond: 1 })('wal-storage')?.verdict).toBe('warn');
    expect(judge({ walDirectoryBytes: 18 * GIB, walBytesPerSecond: 1 })('wal-storage')?.verdict).toBe('warn');
  });

  it('says when autoscaling could help', () => {
    const growing = judge({ walBytesPerSecond: 9e6, attached: { maxAllocatedStorageGib: 1000 } })('wal-storage');
    expect(growing).toMatchObject({ verdict: 'warn', detail: expect.stringContaining('autoscaling may grow it') });
  });
});

describe('the WAL rate', () => {
  it.each([
    [10e6, 'pass'],
    [10e6 + 1, 'warn'],
    [1e9, 'warn'],
  ])('of %d bytes a second: %s', (walBytesPerSecond, verdict) => {
    expect(judge({ walBytesPerSecond })('wal-rate')).toMatchObject({ verdict });
  });
});

describe('the workers of the verification', () => {
  it.each([
    [1, 'pass'],
    [2, 'pass'],
    [3, 'warn'],
  ])('%d on two vCPUs: %s', (configuredWorkers, verdict) => {
    expect(judge({ sizing: { configuredWorkers } })('verify-workers')).toMatchObject({ verdict });
  });
});

describe('the storage of the target', () => {
  const large = { source: { allocatedStorageGib: 500 } };

  it('blocks below the source when it is restored, and passes when only the rows need room', () => {
    expect(judge(large)('target-storage')).toMatchObject({ verdict: 'block' });
    expect(judge({ ...large, road: 'copy' })('target-storage')).toMatchObject({ verdict: 'pass' });
  });

  it('warns and then blocks when copied databases would fill it', () => {
    const judged = (databaseBytes: number) => judge({ databaseBytes, road: 'copy' })('target-storage');
    expect(judged(15 * GIB)).toMatchObject({ verdict: 'warn', remedy: expect.stringContaining('30') });
    expect(judged(19 * GIB)).toMatchObject({ verdict: 'block', remedy: expect.stringContaining('40') });
  });
});
