import { Aws, Token } from 'aws-cdk-lib';
import * as fc from 'fast-check';
import { ConfigurationError, type Problem, parseConfig } from '../../lib/config';
import { writePath } from '../../lib/config/problem';
import { example } from './support/synthesis';

/** The problems of a configuration, each as `path: allowed`. */
function problemsOf(input: unknown): readonly Problem[] {
  try {
    parseConfig(input);
    return [];
  } catch (error) {
    if (error instanceof ConfigurationError) return error.problems;
    throw error;
  }
}

const pathsOf = (input: unknown) => problemsOf(input).map(({ path }) => writePath(path));

/** The example with the value at `path` replaced; a path of keys only. */
function exampleWith(path: readonly string[], value: unknown): unknown {
  const whole: Record<string, unknown> = structuredClone(example());
  const inner = path.slice(0, -1).reduce<Record<string, unknown>>((section, name) => {
    section[name] ??= {};
    return section[name] as Record<string, unknown>;
  }, whole);
  Object.defineProperty(inner, path.at(-1) ?? '', { value, enumerable: true, configurable: true, writable: true });
  return whole;
}

describe('the configuration', () => {
  test('the example of cdk.json is valid and gets the safe defaults', () => {
    const config = parseConfig(example());
    expect(config.target).toMatchObject({
      multiAz: true,
      backupRetentionDays: 7,
      storageType: 'gp3',
      parameters: {},
    });
    expect(config.policy).toEqual({
      missingReplicaIdentity: 'block',
      largeObjects: 'block',
      unloggedTables: 'block',
      excludeDatabases: [],
      cutoverBudgetSeconds: 30,
      longTransactions: { action: 'wait', afterSeconds: 60 },
      standStillMinutes: 360,
      cutoverMaxLagBytes: 16 * 2 ** 20,
      slotSafeBytes: 2 ** 30,
      verifyWorkers: 4,
      replicationConnection: { sslMode: 'require' },
    });
    expect(config.switch).toMatchObject({ ttlSeconds: 5 });
  });

  test('is read from JSON text too, as the command line gives it', () => {
    expect(parseConfig(JSON.stringify(example()))).toEqual(parseConfig(example()));
  });

  test('reports every problem at once, each with path, value and what is allowed', () => {
    const input = exampleWith(['target', 'allocatedStorageGib'], -5) as Record<string, Record<string, unknown>>;
    input.migration = 'Not An Id' as never;
    input.network = { ...input.network, subnetIds: ['subnet-0a1b2c3d4e5f60718', 'here'] };
    input.colour = 'red' as never;
    delete input.source?.instanceId;
    expect(() => parseConfig(input)).toThrow(ConfigurationError);
    expect(pathsOf(input)).toEqual(
      expect.arrayContaining([
        'migration',
        'target.allocatedStorageGib',
        'network.subnetIds[1]',
        'colour',
        'source.instanceId',
      ]),
    );
    const text = new ConfigurationError(problemsOf(input)).message;
    expect(text).toContain('target.allocatedStorageGib: got -5; allowed: a whole number of GiB from 20 to 65536');
    expect(text).toContain('source.instanceId: got nothing; allowed: an RDS instance identifier in lower case');
  });

  test('fails with words when it is missing, no object, or no JSON', () => {
    for (const input of [undefined, null, 3, [], 'not json', '[]', '"x"']) {
      expect(problemsOf(input).length).toBeGreaterThan(0);
    }
  });

  test.each([
    [['source', 'kind'], 'aurora'],
    [['source', 'masterSecretArn'], 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:shop-db/master'],
    [['source', 'masterSecretArn'], 'arn:aws:secretsmanager:eu-central-1:12345678901:secret:shop-Ab12Cd'],
    [['source', 'instanceId'], 'Shop-DB'],
    [['source', 'instanceId'], 'sealift-demo-target'],
    [['source', 'trustedCaPem'], 'no certificate'],
    [['network', 'vpcId'], 'vpc-xyz'],
    [['network', 'clients'], ['0.0.0.0/0']],
    [['network', 'clients'], []],
    [
      ['network', 'clients'],
      ['10.0.0.0/16', '10.0.0.0/16'],
    ],
    [
      ['network', 'availabilityZones'],
      ['eu-central-1a', 'eu-central-1a'],
    ],
    [['network', 'availabilityZones'], ['eu-central-1a']],
    [['target', 'engineVersion'], '17'],
    [['target', 'iops'], 3000],
    [['target', 'storageType'], 'gp2'],
    [['target', 'multiAz'], 'false'],
    [['target', 'backupRetentionDays'], 0],
    [['target', 'maxAllocatedStorageGib'], 100],
    [['target', 'masterUsername'], 'rdsadmin'],
    [['target', 'parameters', 'rds.force_ssl'], '0'],
    [['target', 'parameters', 'RDS.force_SSL'], '1'],
    [['key', 'kind'], 'aws'],
    [['switch', 'recordName'], 'DB.shop.internal'],
    [['switch', 'recordName'], 'db.shop.internal.'],
    [['switch', 'hostedZoneId'], '/hostedzone/Z0123456789ABCDEFGHIJ'],
    [['policy', 'cutoverBudgetSeconds'], 1e12],
    [['policy', 'cutoverMaxLagBytes'], Number.NaN],
    [['policy', 'excludeDatabases'], ['x'.repeat(64)]],
    [['policy', 'replicationConnection', 'sslMode'], 'verify-full'],
    [['policy', 'replicationConnection', 'sslMode'], 'no-verify'],
    [['account'], 123456789012],
    [['tags', 'sealift:id'], 'other'],
    [['tags', 'aws:x'], 'other'],
  ])('refuses %j = %j, and names the field', (path, value) => {
    expect(pathsOf(exampleWith(path, value)).join(' ')).toContain(path[0]);
  });

  test('refuses ARNs of another partition, region or account than the others', () => {
    const keyIn = (place: string) =>
      example({ key: { kind: 'existing', arn: `arn:${place}:key/0a1b2c3d-0000-0000-0000-000000000000` } });
    expect(pathsOf(keyIn('aws:kms:eu-central-1:123456789012'))).toEqual([]);
    expect(pathsOf(keyIn('aws-cn:kms:eu-central-1:123456789012'))).toEqual(['key.arn']);
    expect(pathsOf(keyIn('aws:kms:us-east-1:123456789012'))).toEqual(['key.arn']);
    expect(pathsOf(keyIn('aws:kms:eu-central-1:210987654321'))).toEqual(['key.arn']);
    expect(pathsOf(example({ region: 'us-east-1' }))).toEqual(
      expect.arrayContaining(['source.masterSecretArn', 'network.availabilityZones[0]']),
    );
    expect(pathsOf(example({ account: '210987654321' }))).toEqual(['source.masterSecretArn']);
  });
});

describe('hostile configurations', () => {
  const leaves = [
    ['migration'],
    ['account'],
    ['source', 'instanceId'],
    ['source', 'masterSecretArn'],
    ['network', 'vpcId'],
    ['target', 'engineVersion'],
    ['target', 'allocatedStorageGib'],
    ['switch', 'recordName'],
    ['policy', 'verifyWorkers'],
  ];

  test('tokens are refused wherever a value stands', () => {
    const list = Token.asList({ Ref: 'X' })[0] ?? '';
    const tokens = [Aws.ACCOUNT_ID, `x-${Aws.REGION}`, list, Token.asNumber({ Ref: 'X' })];
    fc.assert(
      fc.property(fc.constantFrom(...leaves), fc.constantFrom(...tokens), (path, token) => {
        expect(pathsOf(exampleWith(path, token))).toContain(path.join('.'));
      }),
    );
  });

  test.each<[readonly string[], unknown]>([
    [['migration'], 'a-assess'],
    [['migration'], 'a-migrate-2'],
    [['permissionsBoundaryArn'], 'boundary'],
    [['target', 'parameters', 'work_mem'], '4MB\n'],
    [['source', 'trustedCaPem'], '-----BEGIN CERTIFICATE-----\n<script>\n-----END CERTIFICATE-----\n'],
    [['tags'], Object.fromEntries(Array.from({ length: 41 }, (_, index) => [`tag${index}`, 'x']))],
    [['policy', 'excludeDatabases'], Array.from({ length: 60 }, (_, index) => `${'d'.repeat(50)}${index}`)],
    [['evidence', 'objectLockDays'], 0],
  ])('what would break names, permissions or a deployment later is refused now: %s', (path, value) => {
    expect(pathsOf(exampleWith(path, value))).toContain(path.join('.'));
  });

  test('unknown keys are refused in every section, prototypes among them', () => {
    const sections = [[], ['source'], ['network'], ['target'], ['key'], ['switch'], ['policy'], ['notifications']];
    const names = fc.oneof(
      fc.constantFrom('__proto__', 'constructor', 'prototype', 'toString'),
      fc.string().map((text) => `x${text}`),
    );
    fc.assert(
      fc.property(fc.constantFrom(...sections), names, fc.jsonValue(), (section, name, value) => {
        const changed = exampleWith([...section, name], value);
        expect(pathsOf(changed).join('\n')).toContain(writePath([...section, name]));
      }),
    );
  });

  test('any number that is no whole number in its range is refused with its path', () => {
    const numbers = fc.oneof(
      fc.double({ noNaN: false }).filter((value) => !Number.isInteger(value)),
      fc.integer({ max: 0 }),
      fc.integer({ min: 2 ** 30, max: 2 ** 31 - 1 }),
    );
    const fields = [
      ['target', 'allocatedStorageGib'],
      ['target', 'backupRetentionDays'],
      ['source', 'port'],
      ['policy', 'verifyWorkers'],
      ['policy', 'cutoverBudgetSeconds'],
      ['switch', 'ttlSeconds'],
    ];
    fc.assert(
      fc.property(fc.constantFrom(...fields), numbers, (path, value) => {
        expect(pathsOf(exampleWith(path, value))).toContain(path.join('.'));
      }),
    );
  });

  test('whatever JSON stands there, the answer is a configuration or problems, never another error', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom(...leaves), (value, path) => {
        problemsOf(value);
        problemsOf(exampleWith([path[0] ?? ''], value));
        problemsOf(exampleWith(path, value));
      }),
      { numRuns: 300 },
    );
  });
});
