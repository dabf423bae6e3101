import { ENV } from '../../lambda/contract/environment';
import { DUMP_MEMORY_BYTES } from '../../lambda/copy/plan-schema';
import { DUMP_HEAP_MIB } from '../../lambda/platform/pg-dump-bridge';
import { ConfigurationError, parseConfig, type SealiftConfigInput } from '../../lib';
import { writePath } from '../../lib/config/problem';
import { COPY_STEPS, stepsOf } from '../../lib/road-steps';
import { acceptedWildcards, isAccepted } from './support/accepted-wildcards';
import { statementsOf, statementsOfStep } from './support/policies';
import { example, ofType, synthesize, templateOf } from './support/synthesis';
import { wildcardsOf } from './support/wildcards';

const KEPT = 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:shop/writer-Cd34Ef';
const config = example({ road: 'copy', copy: { passwords: { writer: KEPT, reader: KEPT } } });
const synthesis = synthesize([config]);
const migration = templateOf(synthesis, 'Migration');
const foundation = templateOf(synthesis, 'Foundation');
const snapshotRoad = synthesize([example()]);

const functions = new Map(
  ofType(migration, 'AWS::Lambda::Function').map(([, { Properties }]) => {
    const { Variables } = Properties.Environment as { Variables: Record<string, unknown> };
    return [String(Properties.FunctionName).replace('sealift-demo-', ''), Variables] as const;
  }),
);
/** The steps that may do an action, and with what. */
const mayDo = (action: string) =>
  [...functions.keys()].flatMap((step) =>
    statementsOfStep(migration, step)
      .filter(({ actions }) => actions.includes(action))
      .map(({ resources }) => ({ step, resources })),
  );
const targetRole = (of = foundation) =>
  statementsOf(of)
    .filter(({ role }) => role.startsWith('TargetStackRole'))
    .flatMap(({ actions }) => actions);

describe('the copy road', () => {
  test('has the functions of its steps and none of the snapshot road alone', () => {
    expect([...functions.keys()].sort()).toEqual([...stepsOf('copy')].sort());
    expect([...functions.keys()]).not.toContain('adopt');
    expect(stepsOf('snapshot').filter((step) => COPY_STEPS.includes(step))).toEqual([]);
  });

  test('gives pg_dump room for all that it may take, and no function more than one whole processor has', () => {
    const memory = new Map(
      ofType(migration, 'AWS::Lambda::Function').map(([, { Properties }]) => [
        String(Properties.FunctionName).replace('sealift-demo-', ''),
        Number(Properties.MemorySize),
      ]),
    );
    expect(Math.max(...memory.values())).toBeLessThanOrEqual(1769);
    const rest = (memory.get('plan-schema') ?? 0) - DUMP_MEMORY_BYTES / 2 ** 20 - DUMP_HEAP_MIB;
    // What the step itself takes, the dump's text a second time among it.
    expect(rest).toBeGreaterThanOrEqual(250);
  });

  test('tells how rows travel to its own steps and to the assessment, and to nobody else', () => {
    const told = [...functions].filter(([, variables]) => variables[ENV.copy] !== undefined).map(([step]) => step);
    expect(told.sort()).toEqual([...COPY_STEPS, 'assess'].sort());
    expect(JSON.stringify(functions.get('copy-rows')?.[ENV.copy])).toContain(KEPT);
    expect(functions.get('restore')?.[ENV.targetSettings]).toBeDefined();
  });

  test('lets one step alone read the passwords that roles keep, and keep new ones under the key', () => {
    expect(mayDo('secretsmanager:PutSecretValue')).toEqual([
      { step: 'make-databases', resources: [expect.any(String)] },
    ]);
    const readers = mayDo('secretsmanager:GetSecretValue').filter(({ resources }) => resources.includes(KEPT));
    expect(readers.map(({ step }) => step)).toEqual(['make-databases']);
    const keyed = statementsOfStep(migration, 'make-databases').filter(({ actions }) =>
      actions.includes('kms:GenerateDataKey'),
    );
    expect(JSON.stringify(keyed.map(({ condition }) => condition))).toContain('secretsmanager.');
    expect(foundation.Resources.RolePasswords).toMatchObject({
      DeletionPolicy: 'Retain',
      Properties: { SecretString: '{}', KmsKeyId: expect.anything() },
    });
    expect(templateOf(snapshotRoad, 'Foundation').Resources.RolePasswords).toBeUndefined();
  });

  test('makes its target from nothing: no permission to restore, on the other road none to make an empty one', () => {
    expect(targetRole()).toContain('rds:CreateDBInstance');
    expect(targetRole().join()).not.toMatch(/Restore|Snapshot/);
    const restoring = targetRole(templateOf(snapshotRoad, 'Foundation'));
    expect(restoring).toContain('rds:RestoreDBInstanceFromDBSnapshot');
    expect(restoring).not.toContain('rds:CreateDBInstance');
    expect(mayDo('rds:DescribeDBSnapshots').map(({ step }) => step)).not.toContain('restore');
  });

  test('needs no wildcard that was not accepted', () => {
    const accepted = acceptedWildcards('demo');
    const found = Object.values(synthesis.templates).flatMap(wildcardsOf);
    expect(found.filter((wildcard) => !accepted.some((one) => isAccepted(wildcard, one)))).toEqual([]);
  });

  test('gives the same templates, byte for byte, when it is repeated', () => {
    expect(JSON.stringify(synthesize([config]).templates)).toBe(JSON.stringify(synthesis.templates));
  });
});

describe('a configuration of the copy road', () => {
  const refused = (changes: Partial<SealiftConfigInput>): string[] => {
    try {
      parseConfig(example(changes));
      return [];
    } catch (error) {
      if (error instanceof ConfigurationError) return error.problems.map(({ path }) => writePath(path));
      throw error;
    }
  };
  const roles = (count: number, longest = 0) =>
    Object.fromEntries(
      Array.from({ length: count }, (_, index) => [`role_${index}`.padEnd(longest, 'x'), KEPT] as const),
    );

  test('is taken with every field of the section', () => {
    expect(
      refused({ road: 'copy', copy: { workers: 8, builds: 4, skipExtensions: ['x'], passwords: roles(3) } }),
    ).toEqual([]);
  });

  test.each<[string, Partial<SealiftConfigInput>, string]>([
    ['settings of the copy on the other road', { copy: { workers: 8 } }, 'copy.workers'],
    ['passwords on the other road', { copy: { passwords: roles(1) } }, 'copy.passwords'],
    ['a scan of copied rows', { road: 'copy', scan: { on: 'target' } }, 'scan.on'],
    [
      'a password of the master user of the target',
      { road: 'copy', copy: { passwords: { postgres: KEPT } } },
      'copy.passwords.postgres',
    ],
    ['more passwords than an environment holds', { road: 'copy', copy: { passwords: roles(25, 63) } }, 'copy'],
    ['passwords of more roles than ever fit', { road: 'copy', copy: { passwords: roles(26, 0) } }, 'copy.passwords'],
  ])('is refused with %s', (_title, changes, path) => {
    expect(refused(changes)).toEqual([path]);
  });

  test('says nothing about the other road when it says its defaults', () => {
    expect(refused({ copy: { workers: 4, builds: 2, skipExtensions: [], passwords: {} } })).toEqual([]);
  });

  test('leaves every environment below what Lambda allows, at its largest', () => {
    const most = Array.from({ length: 40 }, (_, index) => index).filter(
      (count) => refused({ road: 'copy', copy: { passwords: roles(count) } }).length === 0,
    );
    const largest = synthesize([example({ road: 'copy', copy: { passwords: roles(most.at(-1) ?? 0) } })]);
    expect(most.length).toBeGreaterThan(5);
    for (const [, { Properties }] of ofType(templateOf(largest, 'Migration'), 'AWS::Lambda::Function')) {
      expect(environmentBytes(Properties.Environment)).toBeLessThan(4096);
    }
  });
});

/** Names and values as Lambda counts them; a token becomes an ARN of some length. */
function environmentBytes(environment: unknown): number {
  const { Variables } = environment as { Variables: Record<string, unknown> };
  return Object.entries(Variables).reduce((sum, [name, value]) => {
    const text =
      typeof value === 'string' ? value : JSON.stringify(value).replace(/\{"(Ref|Fn::\w+)":[^}]+\}/g, 'x'.repeat(100));
    return sum + Buffer.byteLength(name) + Buffer.byteLength(text);
  }, 0);
}
