import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parsePolicyDocument } from '../../lib/rehearsal/iam/policy-document';
import { MACHINES } from '../../lib/resource-names';
import { ROOT, read } from '../docs/documents';
import { ofType, synthesize, templateOf } from './support/synthesis';
import { resolveTokens } from './support/tokens';

const synthesis = synthesize();
const migration = templateOf(synthesis, 'Migration');

interface Statement {
  readonly Effect: string;
  readonly Action: string | string[];
  readonly Resource: string | string[];
}

function policy(name: string): Statement[] {
  const found = ofType(migration, 'AWS::IAM::ManagedPolicy').find(([, { Properties }]) => {
    return Properties.ManagedPolicyName === `sealift-demo-${name}`;
  });
  expect(found?.[1].Properties.Roles).toBeUndefined();
  return (resolveTokens(found?.[1].Properties.PolicyDocument, migration) as { Statement: Statement[] }).Statement;
}

const actionsOf = (statements: readonly Statement[]) => statements.flatMap(({ Action }) => Action).sort();
const machines = MACHINES.map((name) => `arn:aws:states:eu-central-1:123456789012:stateMachine:sealift-demo-${name}`);

test('the operator starts, stops, redrives and watches, clears messages, and can change nothing else', () => {
  const allowed = actionsOf(policy('operator'));
  expect(allowed).toEqual([
    'cloudwatch:GetDashboard',
    'kms:Decrypt',
    'kms:Decrypt',
    'logs:FilterLogEvents',
    'logs:GetLogEvents',
    's3:GetObject',
    'sqs:DeleteMessage',
    'sqs:GetQueueAttributes',
    'sqs:GetQueueUrl',
    'sqs:ReceiveMessage',
    'states:DescribeExecution',
    'states:DescribeStateMachine',
    'states:GetExecutionHistory',
    'states:ListExecutions',
    'states:RedriveExecution',
    'states:StartExecution',
    'states:StopExecution',
  ]);
  const start = policy('operator').find(({ Action }) => [Action].flat().includes('states:StartExecution'));
  expect([start?.Resource].flat().sort()).toEqual([...machines].sort());
});

test('the approver answers the machines of this migration, and does nothing else', () => {
  expect(actionsOf(policy('approver'))).toEqual(['kms:Decrypt', 'states:SendTaskFailure', 'states:SendTaskSuccess']);
  const answer = policy('approver').find(({ Action }) => [Action].flat().includes('states:SendTaskSuccess'));
  expect([answer?.Resource].flat().sort()).toEqual([...machines].sort());
});

test('nobody but the approver may answer a task token', () => {
  const holders = Object.values(synthesis.templates).flatMap((template) =>
    ['AWS::IAM::ManagedPolicy', 'AWS::IAM::Policy'].flatMap((type) =>
      ofType(template, type).filter(([, { Properties }]) => /states:SendTask/.test(JSON.stringify(Properties))),
    ),
  );
  expect(holders.map(([, { Properties }]) => Properties.ManagedPolicyName)).toEqual(['sealift-demo-approver']);
});

describe('docs/permissions.md', () => {
  const path = 'docs/permissions.md';

  /** Lists items as code, at most 120 columns wide. */
  function wrapped(items: readonly string[]): string {
    const lines: string[] = [];
    for (const item of [...new Set(items)].map(
      (name, index, all) => `\`${name}\`${index < all.length - 1 ? ',' : ''}`,
    )) {
      const last = lines.at(-1);
      if (last !== undefined && last.length + item.length < 120) lines[lines.length - 1] = `${last} ${item}`;
      else lines.push(item);
    }
    return lines.join('\n');
  }

  const types = Object.values(synthesis.templates).flatMap(({ Resources }) =>
    Object.values(Resources).map(({ Type }) => Type),
  );

  test.each([
    ['types', [...types].sort()],
    ['operator', actionsOf(policy('operator'))],
    ['approver', actionsOf(policy('approver'))],
  ])('lists the %s as they are in the templates', (name, items) => {
    const list = new RegExp(`(<!-- ${name} -->\n)[\\s\\S]*?(\n<!-- end of ${name} -->)`);
    const written = read(path).replace(list, (_, begin: string, end: string) => `${begin}${wrapped(items)}${end}`);
    if (process.env.SEALIFT_WRITE_DOCS === '1') writeFileSync(join(ROOT, path), written);
    expect(read(path)).toBe(written);
  });

  test('writes policies that IAM accepts', () => {
    const blocks = [...read(path).matchAll(/^```json\n([\s\S]*?)^```$/gm)].map(([, json = '']) => json);
    expect(blocks).toHaveLength(1);
    for (const json of blocks) expect(() => parsePolicyDocument(JSON.parse(json), path, 'identity')).not.toThrow();
  });
});
