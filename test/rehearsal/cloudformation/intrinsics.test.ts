import * as fc from 'fast-check';
import { isSymbolic, referencesOf, resolve, type Scope } from '../../../lib/rehearsal/cloudformation/intrinsics';
import type { Json } from '../../../lib/rehearsal/cloudformation/json';

const parameters: Record<string, Json> = {
  'AWS::Region': 'eu-central-1',
  'AWS::AccountId': '111122223333',
  Name: 'demo',
  List: ['a', 'b'],
};

const live: Scope = {
  parameter: (name) => parameters[name],
  condition: (name) => {
    if (name === 'Yes') return true;
    if (name === 'No') return false;
    throw new Error(`unknown condition ${name}`);
  },
  mappings: { Ports: { postgres: { tls: 5432 } } },
  reference: (logicalId, attribute, path) => {
    if (logicalId !== 'Db') throw new Error(`unknown ${logicalId} at ${path}`);
    if (attribute === null) return 'db-1';
    if (attribute === 'Endpoint.Address') return 'db-1.local';
    if (attribute === 'Zones') return ['x', 'y'];
    throw new Error(`unknown attribute ${attribute} at ${path}`);
  },
  importValue: (name) => (name === 'demo-key' ? 'arn:key' : undefined),
  stackOutput: (stack, region, output) =>
    stack === 'foundation' && region === 'eu-central-1' && output === 'Key' ? 'arn:weak' : undefined,
  availabilityZones: (region) => [`${region}a`, `${region}b`],
};

const symbolic: Scope = {
  ...live,
  reference: (logicalId, attribute): Json =>
    attribute === null ? { Ref: logicalId } : { 'Fn::GetAtt': [logicalId, attribute] },
};

describe('resolves', () => {
  test.each<[string, Json, Json]>([
    ['Ref of a parameter', { Ref: 'Name' }, 'demo'],
    ['Ref of a pseudo parameter', { Ref: 'AWS::Region' }, 'eu-central-1'],
    ['Ref of a resource', { Ref: 'Db' }, 'db-1'],
    ['Fn::GetAtt as a list', { 'Fn::GetAtt': ['Db', 'Endpoint.Address'] }, 'db-1.local'],
    ['Fn::GetAtt as a text', { 'Fn::GetAtt': 'Db.Endpoint.Address' }, 'db-1.local'],
    ['Fn::Join', { 'Fn::Join': ['-', ['x', { Ref: 'Name' }, 7]] }, 'x-demo-7'],
    ['Fn::Join of a list parameter', { 'Fn::Join': [',', { Ref: 'List' }] }, 'a,b'],
    ['Fn::Select', { 'Fn::Select': ['1', { Ref: 'List' }] }, 'b'],
    ['Fn::Split', { 'Fn::Split': [':', 'a:b'] }, ['a', 'b']],
    ['Fn::Select of Fn::Split', { 'Fn::Select': [1, { 'Fn::Split': ['-', { Ref: 'Db' }] }] }, '1'],
    ['Fn::If', { 'Fn::If': ['No', 1, { Ref: 'Name' }] }, 'demo'],
    ['Fn::ImportValue', { 'Fn::ImportValue': { 'Fn::Join': ['-', [{ Ref: 'Name' }, 'key']] } }, 'arn:key'],
    ['Fn::GetStackOutput', { 'Fn::GetStackOutput': { StackName: 'foundation', OutputName: 'Key' } }, 'arn:weak'],
    ['Fn::FindInMap', { 'Fn::FindInMap': ['Ports', 'postgres', 'tls'] }, 5432],
    ['Fn::GetAZs of the own region', { 'Fn::GetAZs': '' }, ['eu-central-1a', 'eu-central-1b']],
    ['Fn::GetAZs of another region', { 'Fn::GetAZs': 'us-east-1' }, ['us-east-1a', 'us-east-1b']],
    ['Fn::Base64', { 'Fn::Base64': 'ä' }, 'w6Q='],
    ['AWS::NoValue in an object', { a: { Ref: 'AWS::NoValue' }, b: 1 }, { b: 1 }],
    ['AWS::NoValue in a list', [{ 'Fn::If': ['Yes', { Ref: 'AWS::NoValue' }, 1] }, 2], [2]],
    ['the key Condition as plain data', { Condition: { Bool: { k: true } } }, { Condition: { Bool: { k: true } } }],
  ])('%s', (_what, value, expected) => {
    expect(resolve(value, live, 'P')).toEqual(expected);
  });

  test('Fn::Sub with names, attributes, pseudo parameters, own variables and literals', () => {
    const text = ['Name', 'Db.Endpoint.Address', 'AWS::Region', '!Name'].map((name) => `\${${name}}`).join(' ');
    expect(resolve({ 'Fn::Sub': text }, live, 'P')).toBe(`demo db-1.local eu-central-1 \${Name}`);
    const own = [`\${Own}/\${Name}`, { Own: { 'Fn::GetAtt': ['Db', 'Endpoint.Address'] }, Name: 'mine' }];
    expect(resolve({ 'Fn::Sub': own }, live, 'P')).toBe('db-1.local/mine');
  });

  test('AWS::NoValue as a whole to nothing', () => {
    expect(resolve({ Ref: 'AWS::NoValue' }, live, 'P')).toBeUndefined();
  });

  test('only the branch that is taken', () => {
    expect(resolve({ 'Fn::If': ['Yes', 1, { 'Fn::GetAtt': ['None', 'Arn'] }] }, live, 'P')).toBe(1);
  });
});

describe('refuses, with the path,', () => {
  test.each<[string, Json, RegExp]>([
    ['an unknown function', { 'Fn::Cidr': ['10.0.0.0/8', 1, 8] }, /\[P\.a\[0\]\] uses Fn::Cidr/],
    ['a condition function in a property', { 'Fn::Equals': [1, 1] }, /allowed in conditions only/],
    ['a function beside other keys', { Ref: 'Name', Other: 1 }, /mixes the function Ref/],
    ['an unknown resource', { Ref: 'Other' }, /unknown Other at P\.a\[0\]\.Ref/],
    ['an unknown attribute', { 'Fn::GetAtt': ['Db', 'Arn'] }, /unknown attribute Arn at P\.a\[0\]/],
    ['an unknown name in Fn::Sub', { 'Fn::Sub': `\${Nobody}` }, /unknown Nobody at P\.a\[0\]/],
    ['an unknown import', { 'Fn::ImportValue': 'nothing' }, /No export named nothing found/],
    ['an unknown output', { 'Fn::GetStackOutput': { StackName: 's', OutputName: 'o' } }, /finds no output o/],
    ['an unknown map', { 'Fn::FindInMap': ['Ports', 'mysql', 'tls'] }, /Ports\.mysql\.tls/],
    ['an unknown condition', { 'Fn::If': ['Maybe', 1, 2] }, /unknown condition Maybe/],
    ['an index beyond the list', { 'Fn::Select': [2, ['a', 'b']] }, /item 2 of a list of 2/],
    ['a list in Fn::Join', { 'Fn::Join': ['', [['a']]] }, /needs a string/],
    ['an object in Fn::Join', { 'Fn::Join': ['', [{ a: 1 }]] }, /needs a string/],
    ['null in Fn::Sub', { 'Fn::Sub': [`\${X}`, { X: null }] }, /needs a string, got null/],
    ['a missing argument', { 'Fn::Join': ['x'] }, /needs 2 arguments/],
    ['AWS::NoValue as an argument', { 'Fn::Join': [{ Ref: 'AWS::NoValue' }, ['a']] }, /needs a string/],
    ['an empty separator', { 'Fn::Split': ['', 'a'] }, /not empty/],
  ])('%s', (_what, value, message) => {
    expect(() => resolve({ a: [value] }, live, 'P')).toThrow(message);
  });
});

describe('with a symbolic scope', () => {
  const expression: Json = {
    'Fn::Select': [1, { 'Fn::Split': ['-', { 'Fn::Sub': `\${Db}-\${Name}-\${Db.Endpoint.Address}` }] }],
  };

  test('keeps references to resources, evaluates the rest, and finishes in a live scope', () => {
    const partial = resolve({ x: expression, y: { Ref: 'Name' } }, symbolic, 'P') ?? null;
    expect(partial).toMatchObject({ y: 'demo' });
    expect(isSymbolic(partial)).toBe(true);
    expect([...referencesOf(partial)]).toEqual(['Db']);
    expect(resolve(partial, live, 'P')).toEqual({ x: '1', y: 'demo' });
  });

  const leaf = fc.oneof(
    fc.constantFrom<Json>({ Ref: 'Db' }, { Ref: 'Name' }, { 'Fn::GetAtt': ['Db', 'Endpoint.Address'] }),
    fc.string({ maxLength: 5 }).map((text) => text.replaceAll('$', '')),
  );
  const text = fc.letrec<{ text: Json }>((tie) => ({
    text: fc.oneof(
      { maxDepth: 4 },
      leaf,
      fc.array(tie('text'), { maxLength: 3 }).map((items): Json => ({ 'Fn::Join': ['/', items] })),
      fc.tuple(tie('text'), tie('text')).map(([a, b]): Json => ({ 'Fn::If': ['Yes', a, b] })),
      tie('text').map((item): Json => ({ 'Fn::Select': [0, { 'Fn::Split': ['-', item] }] })),
      tie('text').map((item): Json => ({ 'Fn::Sub': [`<\${X}|\${Db}>`, { X: item }] })),
    ),
  })).text;

  test('resolving in two steps gives what one step gives, and leaves no function behind', () => {
    fc.assert(
      fc.property(text, (value) => {
        const partial = resolve(value, symbolic, 'P') ?? null;
        const whole = resolve(value, live, 'P') ?? null;
        expect(resolve(partial, live, 'P')).toEqual(whole);
        expect(isSymbolic(whole)).toBe(false);
      }),
    );
  });

  test('plain JSON resolves to itself', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const json = value as Json;
        fc.pre(!JSON.stringify(json).includes('Ref') && !JSON.stringify(json).includes('Fn::'));
        expect(resolve(json, live, 'P')).toEqual(json);
      }),
    );
  });
});
