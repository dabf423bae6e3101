import {
  type DynamicReference,
  resolveDynamicReferences,
} from '../../../lib/rehearsal/cloudformation/dynamic-references';

const ARN = 'arn:aws:secretsmanager:eu-central-1:111122223333:secret:demo-AbCdEf';

async function lookedUp(text: string): Promise<DynamicReference[]> {
  const seen: DynamicReference[] = [];
  await resolveDynamicReferences(
    { a: [text] },
    async (reference) => {
      seen.push(reference);
      return 'x';
    },
    'P',
  );
  return seen;
}

const secret = { service: 'secretsmanager', secretId: ARN, jsonKey: null, versionStage: null, versionId: null };

test.each([
  [`{{resolve:secretsmanager:${ARN}}}`, secret],
  [`{{resolve:secretsmanager:${ARN}:SecretString:password::}}`, { ...secret, jsonKey: 'password' }],
  [
    `{{resolve:secretsmanager:demo:SecretString:password:AWSCURRENT}}`,
    { ...secret, secretId: 'demo', jsonKey: 'password', versionStage: 'AWSCURRENT' },
  ],
  [`{{resolve:ssm:/a/b:3}}`, { service: 'ssm', name: '/a/b', version: '3' }],
  [`{{resolve:ssm-secure:/a/b}}`, { service: 'ssm-secure', name: '/a/b', version: null }],
])('reads %s', async (text, expected) => {
  expect(await lookedUp(text)).toEqual([expected]);
});

test('replaces every reference of a text and nothing else', async () => {
  const value = { a: '-{{resolve:ssm:/x}}-{{resolve:ssm:/y}}-', b: [1, null, true] };
  const resolved = await resolveDynamicReferences(
    value,
    async (reference) => ('name' in reference ? reference.name : ''),
    'P',
  );
  expect(resolved).toEqual({ a: '-/x-/y-', b: [1, null, true] });
});

test.each(['{{resolve:vault:x}}', '{{resolve:secretsmanager:}}', `{{resolve:secretsmanager:${ARN}:Binary}}`])(
  'fails on %s with its path',
  async (text) => {
    await expect(lookedUp(text)).rejects.toThrow(/\[P\.a\[0\]\] has the dynamic reference/);
  },
);
