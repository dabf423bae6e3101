import { accountChecks } from '../../../lambda/assess/checks/account';
import { awsChecks } from '../../../lambda/assess/checks/aws';
import { volumeChecks } from '../../../lambda/assess/checks/volume';
import { inspect, inspectInput } from '../../../lambda/assess/inspect';
import { predict } from '../../../lambda/assess/prediction';
import { type SizingFacts, sizeTarget } from '../../../lambda/assess/sizing';
import { differences } from '../../../lambda/assess/surroundings';
import { SCHEMA_VERSION, type StepName } from '../../../lambda/contract';
import type { Check, Inspection } from '../../../lambda/contract/assessment';
import type { TargetSettings } from '../../../lambda/contract/settings';
import { listLeftovers } from '../../../lambda/rollback/list-leftovers';
import { AwsStage, EXECUTION, targetInstance } from '../seed/aws-stage';
import { POLICY } from './assessed-source';
import { ACCOUNT_CASES, MIGRATION } from './cases/account-cases';
import { HEALTHY_SURVEY } from './healthy-survey';

let stage: AwsStage;
beforeAll(async () => {
  stage = await AwsStage.start();
  await stage.deployTarget(MIGRATION);
});
afterAll(() => stage?.close());

async function look(targetSettings: Partial<TargetSettings> = {}): Promise<Inspection> {
  const { world } = stage.world('inspect', MIGRATION, { targetSettings });
  return inspect(inspectInput.parse({ schemaVersion: SCHEMA_VERSION, execution: EXECUTION }), world);
}

/** Every check that needs no database: 19 GiB of databases, nothing written. */
function judge(inspection: Inspection): readonly Check[] {
  const { target, offer } = inspection.surroundings;
  const databaseBytes = 19 * 2 ** 30;
  const { source } = inspection;
  if (source.kind === 'server') throw new Error('the local RDS describes an instance');
  const facts: SizingFacts = {
    road: 'snapshot',
    sourceClass: source.instanceClass,
    sourceStorageGib: source.allocatedStorageGib,
    databaseBytes: source.allocatedStorageGib > 20 ? 0 : databaseBytes,
    relations: 10,
    connectedSessions: 1,
    activeSessions: 0,
    configured: target,
    configuredWorkers: 1,
    mostStorageGib: offer?.maxStorageGib ?? null,
  };
  const wal = { bytesPerSecond: 0, averageBytesPerSecond: null, sampledBytesPerSecond: 0, basis: 'measured' };
  return [
    ...awsChecks(inspection, POLICY, { migrationId: MIGRATION, versionNumber: HEALTHY_SURVEY.versionNumber }),
    ...accountChecks(inspection, POLICY),
    ...volumeChecks({
      inspection,
      road: 'snapshot',
      storedBytes: facts.databaseBytes,
      server: HEALTHY_SURVEY,
      volume: {
        databaseBytes: facts.databaseBytes,
        databaseBytesComplete: true,
        walDirectoryBytes: 0,
        connectedSessions: 1,
        activeSessions: 0,
        wal,
      },
      sizing: sizeTarget(facts),
      prediction: predict({
        copies: null,
        databaseBytes,
        verifiedBytes: databaseBytes,
        verifyWorkers: 1,
        prunedTables: 0,
        scanWorkers: null,
        walBytesPerSecond: 0,
        walBasis: wal.basis,
        keylessBytes: 0,
        recordTtlSeconds: 5,
        switchKind: 'route53',
      }),
      databases: 1,
    }),
  ];
}

describe('what AWS says fires, and is silent after the remedy:', () => {
  it.each(ACCOUNT_CASES.map((each) => [`${each.id} ${each.verdict}s, naming ${each.names}`, each] as const))(
    '%s',
    async (_title, { id, verdict, names, ill, configured, corrected, cure }) => {
      await ill?.(stage);
      const find = async (settings?: Partial<TargetSettings>) =>
        judge(await look(settings)).find((check) => check.id === id);
      const found = await find(configured);
      expect(found).toMatchObject({ verdict, detail: expect.stringContaining(names) });
      expect(found?.remedy).not.toBe('');
      await cure?.(stage);
      expect(await find(corrected)).toMatchObject({ verdict: 'pass', remedy: '' });
    },
  );

  it('and the calls were known to the control plane', () => {
    expect(stage.aws.refusals).toEqual([]);
  });
});

describe('a source that AWS does not manage', () => {
  const sourceEndpoint = { host: 'db1.shop.internal', port: 5432 };
  const worldOf = (step: StepName) => stage.world(step, MIGRATION, { sourceEndpoint }).world;
  const callsSince = (before: number) =>
    stage.aws.plane
      .journal()
      .slice(before)
      .flatMap(({ service, operation, resources }) => resources.map((one) => `${service} ${operation} ${one}`));

  it('is looked at and located without a word to RDS, and its host stays out of every state', async () => {
    const { plane } = stage.aws;
    const zone = worldOf('inspect').environment.switch;
    if (zone.kind !== 'route53') throw new Error('the stage switches a record');
    plane.route53.setRecord(zone.hostedZoneId, {
      Name: zone.recordName,
      Type: 'CNAME',
      TTL: 5,
      ResourceRecords: [{ Value: sourceEndpoint.host }],
    });
    const before = plane.journal().length;
    const call = { schemaVersion: SCHEMA_VERSION, execution: EXECUTION } as const;
    const world = worldOf('inspect');
    const seen = await inspect(inspectInput.parse(call), world);
    expect(seen.source).toMatchObject({ kind: 'server', instanceId: 'shop-onprem' });
    expect(seen.record.pointsTo).toBe('source');
    expect(await world.endpointOf(seen.source)).toEqual(sourceEndpoint);
    const left = await listLeftovers({ ...call, epoch: '1', source: seen.source }, worldOf('list-leftovers'));
    expect(left.leftovers.map(({ kind, name }) => `${kind} of ${name}`)).toEqual([
      'data directory of shop-onprem',
      'backups of its own of shop-onprem',
      'standbys of shop-onprem',
    ]);
    expect(JSON.stringify([seen, left])).not.toContain(sourceEndpoint.host);
    const asked = callsSince(before);
    expect(asked.join()).toContain(targetInstance(MIGRATION));
    expect(asked.filter((one) => one.includes('shop-onprem') && one.startsWith('rds'))).toEqual([]);
    expect(asked.filter((one) => /DBSnapshot/.test(one))).toEqual([]);
  });
});

describe('differences of parameters', () => {
  it('leave out what Sealift sets, and what is equal', () => {
    const source = new Map([
      ['max_wal_senders', '9'],
      ['work_mem', '1'],
      ['shared_preload_libraries', 'pg_cron'],
    ]);
    const target = new Map([
      ['max_wal_senders', '40'],
      ['work_mem', '1'],
      ['log_lock_waits', '1'],
    ]);
    expect(differences(source, target)).toEqual([
      { name: 'log_lock_waits', source: null, target: '1' },
      { name: 'shared_preload_libraries', source: 'pg_cron', target: null },
    ]);
  });
});
