import { PACKS } from '../../lib/acknowledge';
import { synthesizeApp } from './support/app';
import { acknowledgementsOf, findingsOf } from './support/packs';
import { example } from './support/synthesis';

const existing = 'arn:aws:kms:eu-central-1:123456789012:key/0a1b2c3d-0000-0000-0000-000000000000';

/** What is configured, and how many acknowledgements a reviewer has accepted for it, per pack; `other` are the CDK's own. */
const cases: [string, ReturnType<typeof example>, Record<(typeof PACKS)[number] | 'other', number>][] = [
  [
    'the example',
    example(),
    { AwsSolutions: 206, 'HIPAA.Security': 10, 'NIST.800.53.R5': 9, 'PCI.DSS.321': 6, Serverless: 2, other: 49 },
  ],
  [
    'one zone, unprotected, an existing key, account and region',
    example({
      account: '123456789012',
      region: 'eu-central-1',
      key: { kind: 'existing', arn: existing },
      target: { ...example().target, multiAz: false },
    }),
    { AwsSolutions: 207, 'HIPAA.Security': 11, 'NIST.800.53.R5': 10, 'PCI.DSS.321': 6, Serverless: 2, other: 49 },
  ],
  [
    'the copy road',
    example({ road: 'copy' }),
    { AwsSolutions: 229, 'HIPAA.Security': 11, 'NIST.800.53.R5': 10, 'PCI.DSS.321': 6, Serverless: 2, other: 49 },
  ],
];

describe.each(cases)('with %s', (_name, config, accepted) => {
  // The library's own template validation runs in synth; with the flag of cdk.json its findings are errors.
  const warnings = jest.spyOn(console, 'error').mockImplementation(() => undefined);
  const { app, stacks } = synthesizeApp([config], true);
  const said = warnings.mock.calls.map((words) => words.join(' '));
  warnings.mockRestore();
  const all = stacks.flatMap(({ foundation, target, migration }) => [foundation, target, migration]);

  test('synthesis warns of nothing', () => {
    expect(said).toEqual([]);
  });

  test.each(PACKS)('%s finds nothing that is not acknowledged', (pack) => {
    expect(findingsOf(pack, app, all)).toEqual([]);
  });

  test('every acknowledgement has a reason and an owner, and their number is known', () => {
    const found = acknowledgementsOf(all);
    for (const { reason } of found) expect(reason).toMatch(/\w{4,}.{20,}\(owner: .+\)$/s);
    const numbers = Object.fromEntries(
      Object.keys(accepted).map((pack) => [pack, found.filter(({ id }) => packOf(id) === pack).length]),
    );
    expect(numbers).toEqual(accepted);
  });
});

function packOf(id: string): string {
  return PACKS.find((pack) => id.startsWith(`Annotation::${pack}-`)) ?? 'other';
}
