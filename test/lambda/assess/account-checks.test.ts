import { accountChecks } from '../../../lambda/assess/checks/account';
import { awsChecks } from '../../../lambda/assess/checks/aws';
import { volumeChecks } from '../../../lambda/assess/checks/volume';
import { inspect, inspectInput } from '../../../lambda/assess/inspect';
import { predict } from '../../../lambda/assess/prediction';
import { type SizingFacts, sizeTarget } from '../../../lambda/assess/sizing';
import { differences } from '../../../lambda/assess/surroundings';
import { SCHEMA_VERSION } from '../../../lambda/contract';
import type { Check, Inspection } from '../../../lambda/contract/assessment';
import type { TargetSettings } from '../../../lambda/contract/settings';
import { AwsStage, EXECUTION } from '../seed/aws-stage';
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
  const facts: SizingFacts = {
    road: 'snapshot',
    sourceClass: inspection.source.instanceClass,
    sourceStorageGib: inspection.source.allocatedStorageGib,
    databaseBytes: inspection.source.allocatedStorageGib > 20 ? 0 : databaseBytes,
    relations: 10,
    connectedSessions: 1,
    activeSessions: 0,
    configured: target,
    configuredWorkers: 1,
    mostStorageGib: offer?.maxStorageGib ?? null,
  };
  const wal = { bytesPerSecond: 0, averageBytesPerSecond: null, sampledBytesPerSecond: 0, basis: 'measured' };
  return [
    ...awsChecks(inspection, POLICY, MIGRATION),
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
