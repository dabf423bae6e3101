import { AwsSolutionsChecks } from 'cdk-nag';
import { example, synthesize } from './support/synthesis';

const ACKNOWLEDGED = 'aws:cdk:acknowledged-rules';

const existing = 'arn:aws:kms:eu-central-1:123456789012:key/0a1b2c3d-0000-0000-0000-000000000000';

/** What is configured, and how many acknowledgements a reviewer has accepted for it. */
const cases: [string, ReturnType<typeof example>, number][] = [
  ['the example', example(), 99],
  [
    'one zone, unprotected, an existing key, account and region',
    example({
      account: '123456789012',
      region: 'eu-central-1',
      key: { kind: 'existing', arn: existing },
      target: { ...example().target, multiAz: false },
    }),
    100,
  ],
];

describe.each(cases)('with %s', (_name, config, accepted) => {
  // The library's own template validation runs in synth; with the flag of cdk.json its findings are errors.
  const warnings = jest.spyOn(console, 'error').mockImplementation(() => undefined);
  const { app, stacks } = synthesize([config], true);
  const said = warnings.mock.calls.map((words) => words.join(' '));
  warnings.mockRestore();
  const all = stacks.flatMap(({ foundation, target, migration }) => [foundation, target, migration]);

  test('synthesis warns of nothing', () => {
    expect(said).toEqual([]);
  });

  test('AwsSolutions finds nothing that is not acknowledged', () => {
    const found = all.flatMap((stack) =>
      new AwsSolutionsChecks(app)
        .validateScope(stack)
        .violations.map(({ ruleName }) => `${stack.stackName} ${ruleName}`),
    );
    expect(found).toEqual([]);
  });

  test('every acknowledgement has a reason and an owner, and their number is known', () => {
    const reasons = all
      .flatMap((stack) => stack.node.findAll())
      .flatMap(({ node }) => node.metadata.filter(({ type }) => type === ACKNOWLEDGED))
      .flatMap(({ data }) => Object.values(data as Record<string, string>));
    for (const reason of reasons) expect(reason).toMatch(/\w{4,}.{20,}\(owner: .+\)$/s);
    expect(reasons).toHaveLength(accepted);
  });
});
