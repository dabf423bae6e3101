import { targetStackPolicy } from '../../lib';
import { synthesizeApp } from './support/app';
import { ofType, type StackTemplate, templateOf } from './support/synthesis';

const synthesis = synthesizeApp();
const template = templateOf(synthesis, 'Target');
const instance = template.Resources.Database;

/** Answers a condition of the template for a seed. */
function holds(condition: unknown, seed: string, of: StackTemplate): boolean {
  const [[name, argument] = []] = Object.entries(condition as object);
  const inner = argument as unknown[];
  if (name === 'Fn::Not') return !holds(inner[0], seed, of);
  if (name === 'Fn::Or') return inner.some((one) => holds(one, seed, of));
  if (name === 'Fn::Equals') return seed === inner[1];
  throw new Error(`unknown condition ${name}`);
}

/** The instance's properties as they are for a seed; null when there is no instance. */
function propertiesFor(seed: string): Record<string, unknown> | null {
  const conditions = template.Conditions as Record<string, unknown>;
  if (!holds(conditions[String(instance?.Condition)], seed, template)) return null;
  const choose = (value: unknown): unknown => {
    const choice = (value as { 'Fn::If'?: [string, unknown, unknown] } | null)?.['Fn::If'];
    if (choice === undefined) return value;
    return holds(conditions[choice[0]], seed, template) ? choose(choice[1]) : choose(choice[2]);
  };
  const isAbsent = (value: unknown) => JSON.stringify(value) === '{"Ref":"AWS::NoValue"}';
  const chosen = Object.entries(instance?.Properties ?? {}).map(([name, value]) => [name, choose(value)] as const);
  return Object.fromEntries(chosen.filter(([, value]) => !isAbsent(value)));
}

const SNAPSHOT = 'arn:aws:rds:eu-central-1:123456789012:snapshot:sealift-demo-seed-encrypted';

describe('the target', () => {
  test('has no instance and no alarm while the seed is none, which is the default', () => {
    expect((template.Parameters as Record<string, { Default: string }>).Seed?.Default).toBe('none');
    expect(propertiesFor('none')).toBeNull();
    for (const [, resource] of Object.entries(template.Resources)) expect(resource.Condition).toBe('HasInstance');
    expect(ofType(template, 'AWS::CloudWatch::Alarm')).toHaveLength(3);
  });

  test('is born empty and encrypted, with a master user, from the seed empty', () => {
    const properties = propertiesFor('empty');
    expect(properties).toMatchObject({ StorageEncrypted: true, MasterUsername: 'postgres' });
    expect(properties?.KmsKeyId).toBeDefined();
    expect(properties).not.toHaveProperty('DBSnapshotIdentifier');
  });

  test('is born of a snapshot without the properties that CloudFormation refuses beside one', () => {
    const properties = propertiesFor(SNAPSHOT);
    expect(properties?.DBSnapshotIdentifier).toEqual({ Ref: 'Seed' });
    for (const name of ['MasterUsername', 'DBName', 'KmsKeyId', 'StorageEncrypted', 'MasterUserPassword']) {
      expect(properties).not.toHaveProperty(name);
    }
  });

  test.each(['empty', SNAPSHOT])('is private, protected, watched and leaves nothing to a default: seed %s', (seed) => {
    expect(propertiesFor(seed)).toMatchObject({
      DBInstanceIdentifier: 'sealift-demo-target',
      Engine: 'postgres',
      EngineVersion: '17.6',
      PubliclyAccessible: false,
      DeletionProtection: true,
      MultiAZ: true,
      BackupRetentionPeriod: 7,
      DeleteAutomatedBackups: false,
      CopyTagsToSnapshot: true,
      CACertificateIdentifier: 'rds-ca-rsa2048-g1',
      EnableIAMDatabaseAuthentication: true,
      ManageMasterUserPassword: true,
      MasterUserSecret: { KmsKeyId: expect.anything() },
      AutoMinorVersionUpgrade: false,
      AllowMajorVersionUpgrade: false,
      EnableCloudwatchLogsExports: ['postgresql', 'upgrade'],
      MonitoringInterval: 60,
      MonitoringRoleArn: expect.anything(),
      EnablePerformanceInsights: true,
      PerformanceInsightsKMSKeyId: expect.anything(),
      DBSubnetGroupName: expect.anything(),
      DBParameterGroupName: expect.anything(),
      VPCSecurityGroups: [expect.anything()],
      StorageType: 'gp3',
    });
  });

  test('takes nothing for a seed but none, empty and the ARN of a manual snapshot', () => {
    const pattern = new RegExp(
      (template.Parameters as Record<string, { AllowedPattern: string }>).Seed?.AllowedPattern ?? '',
    );
    for (const seed of ['none', 'empty', SNAPSHOT]) expect(seed).toMatch(pattern);
    for (const seed of ['', 'None', 'sealift-demo-seed', `${SNAPSHOT} `, `${SNAPSHOT}:x`, 'arn:aws:rds:x:1:db:y']) {
      expect(seed).not.toMatch(pattern);
    }
  });

  test('survives its stack, and the stack survives an operator', () => {
    expect(instance).toMatchObject({ DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' });
    expect(synthesis.stacks[0]?.target.terminationProtection).toBe(true);
  });

  test('has a stack policy that denies every replacement and deletion of the instance by its logical id', () => {
    expect(targetStackPolicy()).toMatchObject({
      Statement: [
        { Effect: 'Allow', Action: 'Update:*' },
        { Effect: 'Deny', Action: ['Update:Replace', 'Update:Delete'], Resource: 'LogicalResourceId/Database' },
      ],
    });
    expect(instance?.Type).toBe('AWS::RDS::DBInstance');
  });

  test('needs no parameter, rule or capability that the narrow role of the update could not give', () => {
    expect(Object.keys(template.Parameters as object)).toEqual(['Seed']);
    expect(template).not.toHaveProperty('Rules');
    expect(ofType(template, 'AWS::IAM::Role')).toEqual([]);
  });
});
