import { STEPS } from '../../lambda/contract';
import { ENV } from '../../lambda/contract/environment';
import * as lambdaNames from '../../lambda/platform/names';
import { parseConfig } from '../../lib';
import { policyOf } from '../../lib/migration-stack';
import { encryptedSeedName, seedSnapshotName } from '../../lib/resource-names';
import { stepsOf } from '../../lib/road-steps';
import { covers, statementsOf, statementsOfStep } from './support/policies';
import { example, exampleSource, ofType, synthesize, templateOf } from './support/synthesis';
import { resolveTokens } from './support/tokens';

/** Two migrations whose ids begin alike, so that a permission by prefix would reach from one to the other. */
const synthesis = synthesize([
  example({ migration: 'a' }),
  example({
    migration: 'a-seed',
    source: {
      ...exampleSource(),
      instanceId: 'other-db',
      masterSecretArn: `${example().source.masterSecretArn.slice(0, -8)}2-Ab12Cd`,
    },
    switch: { kind: 'route53', hostedZoneId: 'Z9876543210ABCDEFGHIJ', recordName: 'db.other.internal' },
  }),
]);
const migration = templateOf(synthesis, 'Migration', 'a');
const foundation = templateOf(synthesis, 'Foundation', 'a');
const stepNames = stepsOf('snapshot');
const functions = ofType(migration, 'AWS::Lambda::Function');
const functionOf = (step: string) =>
  functions.find(([, { Properties }]) => Properties.FunctionName === `sealift-a-${step}`)?.[1].Properties ?? {};

const ARN = (service: string, resource: string) => `arn:aws:${service}:eu-central-1:123456789012:${resource}`;

describe('the functions', () => {
  test('there is one for each step, with a role of its own', () => {
    expect(functions.map(([, { Properties }]) => Properties.FunctionName).sort()).toEqual(
      stepNames.map((step) => `sealift-a-${step}`).sort(),
    );
    expect(new Set(functions.map(([, { Properties }]) => JSON.stringify(Properties.Role))).size).toBe(functions.length);
  });

  test.each(stepNames)('%s runs as long as the contract says, traced, logged and encrypted', (step) => {
    const properties = functionOf(step);
    expect(properties).toMatchObject({
      Runtime: 'nodejs24.x',
      Architectures: ['arm64'],
      Timeout: STEPS[step].timeoutSeconds,
      TracingConfig: { Mode: 'Active' },
      KmsKeyArn: expect.anything(),
      LoggingConfig: { LogGroup: expect.anything() },
    });
    expect(properties.VpcConfig === undefined).toBe(STEPS[step].reach === 'aws');
    const alone = ['cutover', 'give-back'].includes(step);
    expect(properties.ReservedConcurrentExecutions).toBe(alone ? 1 : undefined);
  });

  test('the environment has the names of the contract, no other, and no secret', () => {
    const known = new Set<string>(Object.values(ENV));
    for (const [, { Properties }] of functions) {
      const variables = (Properties.Environment as { Variables: Record<string, unknown> }).Variables;
      for (const [name, value] of Object.entries(variables)) {
        expect(known).toContain(name);
        expect(JSON.stringify(value)).not.toMatch(/password/i);
      }
    }
    const restore = (functionOf('restore').Environment as { Variables: Record<string, unknown> }).Variables;
    const optional: string[] = [ENV.trustedCa, ENV.tags, ENV.prune, ENV.copy, ENV.dms, ENV.sourceEndpoint];
    const inspect = (functionOf('inspect').Environment as { Variables: Record<string, unknown> }).Variables;
    const given = [...Object.keys(restore), ...Object.keys(inspect)];
    expect(new Set(given)).toEqual(new Set([...known].filter((name) => !optional.includes(name))));
    expect(JSON.parse(String(inspect[ENV.targetSettings]))).toEqual({
      instanceClass: 'db.m7g.large',
      engineVersion: expect.stringMatching(/^17\.\d+$/),
      allocatedStorageGib: expect.any(Number),
      maxAllocatedStorageGib: null,
      storageType: 'gp3',
      multiAz: true,
      parameterGroup: 'sealift-a-target-17',
    });
  });

  test('the steps that make snapshots know the tags of the configuration, and no other step does', () => {
    const { templates } = synthesize([example({ tags: { team: 'storage' } })]);
    const knowing = Object.values(templates['Sealift-demo-Migration']?.Resources ?? {}).flatMap(
      ({ Type, Properties }) => {
        if (Type !== 'AWS::Lambda::Function') return [];
        const { Variables } = Properties.Environment as { Variables: Record<string, unknown> };
        return Variables[ENV.tags] === undefined ? [] : [[Properties.FunctionName, Variables[ENV.tags]]];
      },
    );
    expect(Object.fromEntries(knowing)).toEqual({
      'sealift-demo-snapshot': '{"team":"storage"}',
      'sealift-demo-encrypt': '{"team":"storage"}',
    });
  });

  test('the policy has every field of the contract', () => {
    expect(policyOf(parseConfig(example()))).toEqual({
      road: 'snapshot',
      before: { prunedTables: 0, scans: true },
      missingReplicaIdentity: 'block',
      largeObjects: 'block',
      unloggedTables: 'block',
      scan: { repair: 'block', maxBadRows: 100, workers: 2 },
      excludeDatabases: [],
      cutoverBudgetSeconds: 30,
      longTransactions: { action: 'wait', afterSeconds: 60 },
      cutoverMaxLagBytes: 16777216,
      slotSafeBytes: 1073741824,
      verifyWorkers: 4,
      replicationConnection: { host: null, port: null, sslMode: 'require', rootCertificatePath: null },
      rollback: { windowHours: 0, host: null, port: null },
      recordTtlSeconds: 5,
    });
  });

  test('every log group is encrypted and has an end', () => {
    for (const [, { Properties }] of ofType(migration, 'AWS::Logs::LogGroup')) {
      expect(Properties).toMatchObject({ KmsKeyId: expect.anything(), RetentionInDays: 365 });
    }
  });

  test('nobody outside may call a function', () => {
    expect(ofType(migration, 'AWS::Lambda::Permission')).toEqual([]);
    expect(ofType(migration, 'AWS::Lambda::Url')).toEqual([]);
  });
});

describe('the permissions', () => {
  const all = [...statementsOf(migration), ...statementsOf(foundation)];

  test('are managed policies that fit what IAM allows of one, and none is inline', () => {
    const templates = Object.values(synthesis.templates);
    const managed = templates.flatMap((template) =>
      ofType(template, 'AWS::IAM::ManagedPolicy').map(([, { Properties }]) =>
        JSON.stringify(resolveTokens(Properties.PolicyDocument, template)),
      ),
    );
    expect(managed.length).toBeGreaterThan(templates.length * stepNames.length * 0.3);
    for (const document of managed) expect(document.length).toBeLessThan(6144);
    expect(templates.flatMap((template) => ofType(template, 'AWS::IAM::Policy'))).toEqual([]);
    const inline = templates.flatMap((template) => ofType(template, 'AWS::IAM::Role'));
    expect(inline.filter(([, { Properties }]) => Properties.Policies !== undefined)).toEqual([]);
  });

  test('are bounded for every role by the configured boundary', () => {
    const arn = 'arn:aws:iam::123456789012:policy/team-boundary';
    const bounded = synthesize([example({ permissionsBoundaryArn: arn })]);
    const roles = Object.values(bounded.templates).flatMap((template) => ofType(template, 'AWS::IAM::Role'));
    expect(roles.length).toBeGreaterThan(stepNames.length);
    expect(new Set(roles.map(([, { Properties }]) => Properties.PermissionsBoundary))).toEqual(new Set([arn]));
  });

  test('trust the service alone, and where the service says for whom it acts, for this account and resource alone', () => {
    const roles = [foundation, migration].flatMap((template) =>
      ofType(template, 'AWS::IAM::Role').map(
        ([, { Properties }]) =>
          (resolveTokens(Properties.AssumeRolePolicyDocument, template) as { Statement: Record<string, unknown>[] })
            .Statement,
      ),
    );
    for (const statements of roles) {
      expect(statements).toHaveLength(1);
      const [{ Principal, Condition } = {}] = statements;
      const { Service } = Principal as { Service: string };
      expect(
        ['lambda', 'states', 'events', 'cloudformation', 'monitoring.rds'].map((name) => `${name}.amazonaws.com`),
      ).toContain(Service);
      if (!/^(states|events|monitoring)/.test(Service)) continue;
      const { ArnEquals } = Condition as { ArnEquals: Record<string, string | string[]> };
      const arns = [ArnEquals['aws:SourceArn'] ?? []].flat();
      expect(arns.length).toBeGreaterThan(0);
      for (const arn of arns) {
        expect(arn).toMatch(/:(stateMachine:sealift-a-[a-z]+|db:sealift-a-target|rule\/sealift-a-reap-[a-z]+)$/);
      }
      expect(Condition).toMatchObject({ StringEquals: { 'aws:SourceAccount': '123456789012' } });
    }
  });

  test('no action is a wildcard, and none deletes, shares or modifies a database or a snapshot', () => {
    for (const { role, actions } of all) {
      for (const action of actions) {
        expect(action).not.toMatch(/^\*$|:\*$/);
        expect(action).not.toMatch(/^rds:(Delete|ModifyDBSnapshot|RestoreDBInstanceToPointInTime)/);
        if (action === 'rds:ModifyDBInstance') expect(role).toMatch(/^TargetStackRole/);
      }
    }
  });

  test('everything that is done with any resource is harmless or knows no resource', () => {
    const anywhere = new Set(all.filter(({ resources }) => resources.includes('*')).flatMap(({ actions }) => actions));
    expect([...anywhere].sort()).toEqual([
      'ec2:AssignPrivateIpAddresses',
      'ec2:CreateNetworkInterface',
      'ec2:DeleteNetworkInterface',
      'ec2:DescribeAvailabilityZones',
      'ec2:DescribeNetworkInterfaces',
      'ec2:DescribeSecurityGroups',
      'ec2:DescribeSubnets',
      'ec2:DescribeVpcAttribute',
      'ec2:DescribeVpcs',
      'ec2:UnassignPrivateIpAddresses',
      'logs:CreateLogDelivery',
      'logs:DeleteLogDelivery',
      'logs:DescribeLogGroups',
      'logs:DescribeResourcePolicies',
      'logs:GetLogDelivery',
      'logs:ListLogDeliveries',
      'logs:PutResourcePolicy',
      'logs:UpdateLogDelivery',
      'rds:DescribeAccountAttributes',
      'rds:DescribeDBEngineVersions',
      'rds:DescribeEvents',
      'rds:DescribeOrderableDBInstanceOptions',
      'xray:GetSamplingRules',
      'xray:GetSamplingTargets',
      'xray:PutTelemetryRecords',
      'xray:PutTraceSegments',
    ]);
  });

  test("no role of one migration reaches another's instance, snapshot, stack, secret, record or machine", () => {
    const others = [
      ARN('rds', 'db:other-db'),
      ARN('rds', 'db:sealift-a-seed-target'),
      ARN('rds', 'snapshot:sealift-a-seed-seed'),
      ARN('rds', 'snapshot:sealift-a-seed-seed-encrypted'),
      ARN('cloudformation', 'stack/Sealift-a-seed-Target/0a1b2c3d'),
      ARN('secretsmanager', 'secret:shop-db/master2-Ab12Cd'),
      'arn:aws:route53:::hostedzone/Z9876543210ABCDEFGHIJ',
      ARN('states', 'stateMachine:sealift-a-seed-migrate'),
      ARN('lambda', 'function:sealift-a-seed-cutover'),
      ARN('cloudwatch', 'alarm:sealift-a-seed-target-cpu'),
      ARN('rds', 'pg:sealift-a-seed-target-17'),
      ARN('rds', 'subgrp:sealift-a-seed-target'),
    ];
    // Names that are known only when RDS is asked; reading them shows no row and no secret.
    const listings = ['rds:DescribeDBParameters', 'rds:DescribeDBSnapshots'];
    const lists = ({ actions, resources }: (typeof all)[number]) =>
      listings.includes(actions.join()) && resources.every((one) => /:(pg|snapshot):\*$/.test(one));
    const anything = all.filter((each) => !each.resources.includes('*') && !lists(each));
    for (const { role, resources } of anything) {
      for (const other of others) {
        expect({ role, reaches: resources.filter((pattern) => covers(pattern, other)) }).toEqual({ role, reaches: [] });
      }
    }
  });

  test('the source instance is looked at and snapshotted, nothing else', () => {
    const source = ARN('rds', 'db:shop-db');
    const touching = all.filter(({ resources }) =>
      resources.some((pattern) => pattern !== '*' && covers(pattern, source)),
    );
    const actions = new Set(touching.flatMap((statement) => statement.actions));
    expect([...actions].sort()).toEqual([
      'rds:AddTagsToResource',
      'rds:CreateDBSnapshot',
      'rds:DescribeDBInstances',
      'rds:DescribeDBSnapshots',
      'rds:ListTagsForResource',
    ]);
  });

  test('what is created carries the tag of this migration', () => {
    const creating = all.filter(({ actions }) =>
      actions.some((action) => ['rds:CreateDBSnapshot', 'rds:CopyDBSnapshot'].includes(action)),
    );
    expect(creating).toHaveLength(2);
    for (const { condition } of creating) {
      expect(condition).toEqual({ StringEquals: { 'aws:RequestTag/sealift:id': 'a' } });
    }
  });

  test("the target's master secret is told apart by the tag of its instance", () => {
    const managed = all.filter(
      ({ actions, resources }) =>
        actions.includes('secretsmanager:GetSecretValue') && resources.some((pattern) => pattern.includes('rds!db-')),
    );
    expect(managed).toHaveLength(stepNames.filter((step) => STEPS[step].reach === 'database').length);
    for (const { condition } of managed) {
      expect(condition).toEqual({
        StringEquals: { 'secretsmanager:ResourceTag/aws:rds:primaryDBInstanceArn': ARN('rds', 'db:sealift-a-target') },
      });
    }
  });

  test('the stack is updated only with the narrow role, which only CloudFormation may be passed', () => {
    const restore = statementsOfStep(migration, 'restore');
    const update = restore.find(({ actions }) => actions.includes('cloudformation:UpdateStack'));
    const pass = restore.find(({ actions }) => actions.includes('iam:PassRole'));
    expect(update?.condition.StringEquals?.['cloudformation:RoleArn']).toBe(pass?.resources[0]);
    expect(pass?.condition).toEqual({ StringEquals: { 'iam:PassedToService': 'cloudformation.amazonaws.com' } });
    for (const { actions, condition } of all.filter((one) => one.actions.includes('iam:PassRole'))) {
      expect(actions).toEqual(['iam:PassRole']);
      expect(condition.StringEquals?.['iam:PassedToService']).toBeDefined();
    }
  });

  test('the record is changed by the cutover, its completion and its compensation, and that one record only', () => {
    const changing = statementsOf(migration).filter(({ actions }) =>
      actions.includes('route53:ChangeResourceRecordSets'),
    );
    expect(changing).toHaveLength(3);
    for (const { condition } of changing) {
      expect(condition).toEqual({
        'ForAllValues:StringEquals': {
          'route53:ChangeResourceRecordSetsNormalizedRecordNames': ['db.shop.internal'],
          'route53:ChangeResourceRecordSetsRecordTypes': ['CNAME'],
          'route53:ChangeResourceRecordSetsActions': ['UPSERT'],
        },
      });
    }
  });

  test('the key is used through services and granted to them only', () => {
    for (const { role, actions, condition } of all) {
      if (!actions.some((action) => action.startsWith('kms:')) || actions.join() === 'kms:DescribeKey') continue;
      const bound = JSON.stringify(condition);
      expect({ role, actions, bound: /kms:ViaService|kms:EncryptionContext/.test(bound) }).toMatchObject({
        bound: true,
      });
      if (actions.includes('kms:CreateGrant')) expect(bound).toContain('kms:GrantIsForAWSResource');
    }
  });

  test('snapshots are named alike by those who make them and those who permit them', () => {
    expect(seedSnapshotName('a-b')).toBe(lambdaNames.snapshotName('a-b', 'seed'));
    expect(encryptedSeedName('a-b')).toBe(lambdaNames.encryptedSnapshotName('a-b', 'seed'));
  });
});
