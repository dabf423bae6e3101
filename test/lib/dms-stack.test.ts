import { App } from 'aws-cdk-lib';
import { parseConfig, type SealiftConfigInput } from '../../lib';
import { PACKS } from '../../lib/acknowledge';
import { type DmsConfig, dms } from '../../lib/config/dms-schema';
import { DmsStack } from '../../lib/dms-stack';
import { FoundationStack } from '../../lib/foundation-stack';
import { acknowledgementsOf, findingsOf } from './support/packs';
import { CONTEXT, example, ofType, type StackTemplate } from './support/synthesis';
import { wildcardsOf } from './support/wildcards';

const CHOSEN = { instanceClass: 'dms.r5.large', engineVersion: '3.5.4' };

interface Synthesized {
  readonly app: App;
  readonly stack: DmsStack;
  readonly template: StackTemplate;
}

function synthesize(choices: Partial<DmsConfig> = {}, input: SealiftConfigInput = example()): Synthesized {
  const app = new App({ context: { ...CONTEXT, 'aws:cdk:bundling-stacks': [] } });
  const config = parseConfig(input);
  const foundation = new FoundationStack(app, 'Foundation', { config });
  const props = { config, foundation, dms: dms.parse({ ...CHOSEN, ...choices }), region: 'eu-central-1' };
  const stack = new DmsStack(app, 'Dms', props);
  const assembly = app.synth();
  return { app, stack, template: assembly.getStackArtifact(stack.artifactId).template as StackTemplate };
}

const { app, stack, template } = synthesize();
const only = (type: string, of = template) => {
  const found = ofType(of, type);
  expect(found).toHaveLength(1);
  return found[0]?.[1].Properties ?? {};
};

describe('the stack of DMS', () => {
  test('has a private, encrypted replication instance of a stated version that nobody upgrades', () => {
    expect(only('AWS::DMS::ReplicationInstance')).toMatchObject({
      ReplicationInstanceIdentifier: 'sealift-demo-dms',
      ReplicationInstanceClass: 'dms.r5.large',
      EngineVersion: '3.5.4',
      AllocatedStorage: 100,
      MultiAZ: false,
      PubliclyAccessible: false,
      AutoMinorVersionUpgrade: false,
      AllowMajorVersionUpgrade: false,
      KmsKeyId: expect.anything(),
      ReplicationSubnetGroupIdentifier: { Ref: 'SubnetGroup' },
    });
  });

  test('pins the logical ids of what must never be replaced', () => {
    expect(Object.keys(template.Resources)).toEqual(
      expect.arrayContaining(['Instance', 'SubnetGroup', 'Authorities', 'SourceLogin', 'TargetLogin']),
    );
    expect(stack.terminationProtection).toBe(true);
  });

  test('lets DMS read its two logins and nothing else', () => {
    const [, role] = ofType(template, 'AWS::IAM::Role').find(([id]) => id.startsWith('SecretsRole')) ?? [];
    expect(JSON.stringify(role?.Properties.AssumeRolePolicyDocument)).toMatch(/"dms\..*amazonaws\.com/);
    expect(JSON.stringify(role?.Properties.AssumeRolePolicyDocument)).toContain('aws:SourceAccount');
    const { PolicyDocument } = only('AWS::IAM::ManagedPolicy') as { PolicyDocument: { Statement: object[] } };
    expect(PolicyDocument.Statement).toMatchObject([
      {
        Action: ['secretsmanager:DescribeSecret', 'secretsmanager:GetSecretValue'],
        Resource: [{ Ref: 'SourceLogin' }, { Ref: 'TargetLogin' }],
      },
      {
        Action: ['kms:Decrypt', 'kms:DescribeKey'],
        Condition: { StringEquals: { 'kms:ViaService': expect.anything() } },
      },
    ]);
    expect(wildcardsOf(template)).toEqual([]);
  });

  test('writes no password into its template', () => {
    for (const [, { Properties }] of ofType(template, 'AWS::SecretsManager::Secret')) {
      expect(Properties.SecretString).toBeUndefined();
      expect(Properties.KmsKeyId).toBeDefined();
    }
  });

  test('opens the source and the target to the instance alone, each at its port', () => {
    const rules = ofType(template, 'AWS::EC2::SecurityGroupIngress').map(([id, { Properties }]) => [
      id,
      Properties.FromPort === Properties.ToPort &&
        JSON.stringify(Properties.SourceSecurityGroupId).includes('SecurityGroup'),
    ]);
    expect(rules).toEqual([
      ['InstanceToTarget', true],
      ['InstanceToSource', true],
    ]);
  });

  test('trusts the authorities of RDS in its region and the one that the configuration names', () => {
    const own = '-----BEGIN CERTIFICATE-----\nMIIBown\n-----END CERTIFICATE-----\n';
    const input = example();
    const { CertificatePem } = only('AWS::DMS::Certificate') as { CertificatePem: string };
    expect(CertificatePem.match(/BEGIN CERTIFICATE/g)).toHaveLength(3);
    const { template: mine } = synthesize({}, { ...input, source: { ...input.source, trustedCaPem: own } });
    expect((only('AWS::DMS::Certificate', mine) as { CertificatePem: string }).CertificatePem).toContain('MIIBown');
  });

  test('touches no role of the account unless it is told to, and then leaves them behind', () => {
    const named = (of: StackTemplate) =>
      ofType(of, 'AWS::IAM::Role').filter(([, { Properties }]) => Properties.RoleName !== undefined);
    expect(named(template)).toEqual([]);
    const { template: made } = synthesize({ accountRoles: 'create' });
    expect(named(made).map(([, { Properties }]) => Properties.RoleName)).toEqual([
      'dms-vpc-role',
      'dms-cloudwatch-logs-role',
    ]);
    for (const [, role] of named(made)) expect(role.DeletionPolicy).toBe('Retain');
    const dependsOn = ofType(made, 'AWS::DMS::ReplicationSubnetGroup')[0]?.[1].DependsOn;
    expect(JSON.stringify(dependsOn)).toContain('dmsvpcrole');
  });

  test.each(PACKS)('%s finds nothing that is not acknowledged', (pack) => {
    expect(findingsOf(pack, app, [stack])).toEqual([]);
  });

  test('every acknowledgement has a reason and an owner', () => {
    const found = acknowledgementsOf([stack]);
    expect(found.length).toBeGreaterThan(0);
    for (const { reason } of found) expect(reason).toMatch(/\w{4,}.{20,}\(owner: .+\)$/s);
  });
});
