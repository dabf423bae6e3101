import { synthesizeApp } from './support/app';
import { example, ofType, synthesize, templateOf } from './support/synthesis';
import { resolveTokens } from './support/tokens';

const synthesis = synthesizeApp();
const template = templateOf(synthesis, 'Foundation');
const only = (type: string) => {
  const found = ofType(template, type);
  expect(found).toHaveLength(1);
  return found[0]?.[1] ?? { Type: '', Properties: {} };
};

interface KeyStatement {
  readonly Sid: string;
  readonly Action: string | string[];
  readonly Principal: unknown;
  readonly Condition?: Record<string, Record<string, unknown>>;
}

const keyPolicy = (): KeyStatement[] =>
  (resolveTokens(template.Resources.Key?.Properties.KeyPolicy, template) as { Statement: KeyStatement[] }).Statement;

describe('the foundation', () => {
  test('pins the logical ids of what must never be replaced', () => {
    expect(template.Resources.Key?.Type).toBe('AWS::KMS::Key');
    expect(template.Resources.Evidence?.Type).toBe('AWS::S3::Bucket');
    expect(template.Resources.ReplicationSecret?.Type).toBe('AWS::SecretsManager::Secret');
  });

  test('keeps key, evidence, secret and database logs when the stack goes', () => {
    for (const type of ['AWS::KMS::Key', 'AWS::S3::Bucket', 'AWS::SecretsManager::Secret', 'AWS::Logs::LogGroup']) {
      for (const [, resource] of ofType(template, type)) {
        expect(resource).toMatchObject({ DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' });
      }
    }
    expect(synthesis.stacks[0]?.foundation.terminationProtection).toBe(true);
  });

  test('rotates the key and gives thirty days before it is gone', () => {
    expect(template.Resources.Key?.Properties).toMatchObject({ EnableKeyRotation: true, PendingWindowInDays: 30 });
  });

  test('lets nobody use the key but through a service, a machine or a function of this migration', () => {
    for (const statement of keyPolicy()) {
      expect(JSON.stringify(statement.Principal)).not.toContain('*');
      const uses = [statement.Action]
        .flat()
        .filter((action) => /Encrypt|Decrypt|GenerateDataKey|CreateGrant|:\*/.test(action));
      if (uses.length > 0) expect(statement.Condition).toBeDefined();
    }
    const root = keyPolicy().filter(({ Principal }) => JSON.stringify(Principal).includes(':root'));
    const bounds = root
      .filter(({ Sid }) => Sid !== 'Administer')
      .map(({ Condition }) => JSON.stringify(Condition?.StringEquals));
    expect(bounds.every((bound) => /kms:ViaService|kms:EncryptionContext/.test(bound))).toBe(true);
    expect(bounds.every((bound) => bound.includes('kms:CallerAccount'))).toBe(true);
  });

  test('lets grants on the key be made for AWS services only', () => {
    const grants = keyPolicy().filter(({ Action }) => [Action].flat().includes('kms:CreateGrant'));
    expect(grants).toHaveLength(1);
    expect(grants[0]?.Condition?.Bool).toEqual({ 'kms:GrantIsForAWSResource': 'true' });
  });

  test('makes no key when the configuration names one', () => {
    const arn = 'arn:aws:kms:eu-central-1:123456789012:key/0a1b2c3d-0000-0000-0000-000000000000';
    const other = templateOf(synthesize([example({ key: { kind: 'existing', arn } })]), 'Foundation');
    expect(ofType(other, 'AWS::KMS::Key')).toEqual([]);
    expect(JSON.stringify(other.Resources.Evidence)).toContain(arn);
  });

  test('keeps both buckets private, versioned, encrypted and closed to plain HTTP', () => {
    const buckets = ofType(template, 'AWS::S3::Bucket');
    expect(buckets).toHaveLength(2);
    for (const [id, { Properties }] of buckets) {
      expect(Properties.PublicAccessBlockConfiguration).toEqual({
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      });
      expect(Properties.VersioningConfiguration).toEqual({ Status: 'Enabled' });
      expect(Properties.BucketEncryption).toBeDefined();
      const policies = ofType(template, 'AWS::S3::BucketPolicy').filter(([, policy]) =>
        JSON.stringify(policy.Properties.Bucket).includes(`"${id}"`),
      );
      expect(JSON.stringify(policies)).toContain('"aws:SecureTransport":"false"');
    }
    expect(template.Resources.Evidence?.Properties.LoggingConfiguration).toBeDefined();
    expect(JSON.stringify(template.Resources.Evidence?.Properties.BucketEncryption)).toContain('aws:kms');
  });

  test('locks evidence for as long as is configured, and not otherwise', () => {
    expect(template.Resources.Evidence?.Properties).not.toHaveProperty('ObjectLockConfiguration');
    const locked = templateOf(synthesize([example({ evidence: { objectLockDays: 400 } })]), 'Foundation');
    expect(locked.Resources.Evidence?.Properties).toMatchObject({
      ObjectLockEnabled: true,
      ObjectLockConfiguration: { Rule: { DefaultRetention: { Days: 400, Mode: 'GOVERNANCE' } } },
    });
  });

  test('encrypts the topic and refuses plain publications', () => {
    expect(only('AWS::SNS::Topic').Properties.KmsMasterKeyId).toBeDefined();
    expect(JSON.stringify(only('AWS::SNS::TopicPolicy'))).toContain('"aws:SecureTransport":"false"');
  });

  test('opens the databases to their ports only, and nothing to the world but HTTPS outwards', () => {
    const rules = [
      ...ofType(template, 'AWS::EC2::SecurityGroupIngress'),
      ...ofType(template, 'AWS::EC2::SecurityGroupEgress'),
    ];
    expect(rules).toHaveLength(8);
    for (const [, { Type, Properties }] of rules) {
      expect(Properties.FromPort).toBe(Properties.ToPort);
      const toTheWorld = JSON.stringify(Properties).includes('0.0.0.0/0');
      expect(toTheWorld ? [Type, Properties.ToPort] : [5432]).toEqual(
        toTheWorld ? ['AWS::EC2::SecurityGroupEgress', 443] : [Properties.ToPort],
      );
    }
    for (const [, { Properties }] of ofType(template, 'AWS::EC2::SecurityGroup')) {
      expect(Properties.SecurityGroupIngress).toBeUndefined();
      expect(JSON.stringify(Properties.SecurityGroupEgress ?? [])).not.toContain('0.0.0.0/0');
    }
  });

  test('forces TLS, logical replication and SCRAM, and logs no statement that could hold a password', () => {
    expect(only('AWS::RDS::DBParameterGroup').Properties).toMatchObject({
      Family: 'postgres17',
      Parameters: {
        'rds.force_ssl': '1',
        'rds.logical_replication': '1',
        password_encryption: 'scram-sha-256',
        log_statement: 'none',
        log_min_error_statement: 'panic',
        log_min_duration_statement: '-1',
        log_parameter_max_length: '0',
        log_parameter_max_length_on_error: '0',
        'pg_stat_statements.track_utility': 'off',
      },
    });
  });

  test('generates a replication password that needs no quoting, under the key', () => {
    const { GenerateSecretString: generated, KmsKeyId } = template.Resources.ReplicationSecret?.Properties ?? {};
    expect(KmsKeyId).toBeDefined();
    expect(generated).toMatchObject({ PasswordLength: 40, ExcludePunctuation: true, GenerateStringKey: 'password' });
    expect((generated as Record<string, unknown>).SecretStringTemplate).toBe('{"username":"sealift_demo_replication"}');
  });

  test('tells somebody when the key is disabled or to be deleted', () => {
    expect(JSON.stringify(only('AWS::Events::Rule'))).toContain('ScheduleKeyDeletion');
  });
});
