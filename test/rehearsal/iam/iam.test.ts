import { createIam, type Iam } from '../../../lib/rehearsal/iam/iam';
import type { ConditionContext } from '../../../lib/rehearsal/iam/policy-variables';

const ROLE = 'arn:aws:iam::111122223333:role/run';
const DB = 'arn:aws:rds:eu-central-1:111122223333:db:sealift-demo-target';
const TRUST = {
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' }],
};

type StatementJson = Record<string, unknown>;

function policyOf(...statements: StatementJson[]) {
  return { Version: '2012-10-17', Statement: statements };
}

function iamWith(statements: StatementJson[], boundary?: StatementJson[]): Iam {
  const iam = createIam();
  const arn = 'arn:aws:iam::111122223333:policy/boundary';
  if (boundary !== undefined) iam.putManagedPolicy(arn, policyOf(...boundary));
  iam.putRole({
    roleName: 'run',
    arn: ROLE,
    trustPolicy: TRUST,
    inlinePolicies: statements.length === 0 ? [] : [{ name: 'Access', document: policyOf(...statements) }],
    managedPolicyArns: [],
    permissionsBoundary: boundary === undefined ? null : arn,
    tags: { team: 'db' },
  });
  return iam;
}

const request = (over: Partial<{ action: string; resource: string; context: ConditionContext }> = {}) => ({
  principalArn: ROLE,
  action: 'rds:ModifyDBInstance',
  resource: DB,
  context: {},
  ...over,
});

const allow = (over: StatementJson = {}) => ({
  Effect: 'Allow',
  Action: 'rds:ModifyDBInstance',
  Resource: DB,
  ...over,
});
const deny = (over: StatementJson = {}) => ({ ...allow(over), Effect: 'Deny' });
const tagged = { StringEquals: { 'aws:ResourceTag/sealift:id': 'demo' } };

describe('the decision on an identity policy', () => {
  test.each<[string, StatementJson[], ConditionContext, boolean]>([
    ['denies what nothing allows', [], {}, false],
    ['allows what a statement allows', [allow()], {}, true],
    ['lets a denial win over a permission', [allow(), deny()], {}, false],
    ['lets a denial win whatever the order', [deny(), allow()], {}, false],
    ['ignores a denial of another resource', [allow(), deny({ Resource: `${DB}-other` })], {}, true],
    ['matches actions without regard to case', [allow({ Action: 'RDS:modifydbinstance' })], {}, true],
    ['matches * and ? in actions', [allow({ Action: 'rds:Modify?BInst*' })], {}, true],
    ['does not stretch an action beyond its pattern', [allow({ Action: 'rds:Modify' })], {}, false],
    ['matches * in resources', [allow({ Resource: 'arn:aws:rds:*:*:db:sealift-*' })], {}, true],
    ['keeps a * in the middle of a segment in its segment', [allow({ Resource: 'arn:aws:r*s:db:x' })], {}, false],
    ['takes NotAction as everything else', [{ Effect: 'Allow', NotAction: 'iam:*', Resource: '*' }], {}, true],
    ['excludes what NotAction names', [{ Effect: 'Allow', NotAction: 'rds:*', Resource: '*' }], {}, false],
    ['excludes what NotResource names', [{ Effect: 'Allow', Action: 'rds:*', NotResource: DB }], {}, false],
    ['allows with a tag that fits', [allow({ Condition: tagged })], { 'aws:ResourceTag/sealift:id': 'demo' }, true],
    ['denies with another tag', [allow({ Condition: tagged })], { 'aws:ResourceTag/sealift:id': 'other' }, false],
    ['denies without the tag', [allow({ Condition: tagged })], {}, false],
    ['finds keys whatever their case', [allow({ Condition: tagged })], { 'AWS:resourcetag/Sealift:Id': 'demo' }, true],
    [
      'wants all conditions',
      [allow({ Condition: { ...tagged, Bool: { 'aws:SecureTransport': 'true' } } })],
      { 'aws:ResourceTag/sealift:id': 'demo', 'aws:SecureTransport': 'false' },
      false,
    ],
    [
      'denies without TLS by the usual denial',
      [allow(), deny({ Resource: '*', Action: '*', Condition: { Bool: { 'aws:SecureTransport': 'false' } } })],
      { 'aws:SecureTransport': 'false' },
      false,
    ],
    [
      'replaces policy variables in resources',
      [allow({ Resource: `arn:aws:rds:*:*:db:sealift-\${aws:PrincipalTag/owner}-target` })],
      { 'aws:PrincipalTag/owner': 'demo' },
      true,
    ],
    [
      'matches nothing with a variable that has no value',
      [allow({ Resource: `arn:aws:rds:*:*:db:sealift-\${aws:PrincipalTag/owner}*` })],
      {},
      false,
    ],
    [
      'takes a wildcard that comes out of a variable as a character',
      [allow({ Resource: `arn:aws:rds:*:*:db:\${aws:PrincipalTag/owner}` })],
      { 'aws:PrincipalTag/owner': '*' },
      false,
    ],
    ['knows who asks', [allow({ Condition: { ArnEquals: { 'aws:PrincipalArn': ROLE } } })], {}, true],
    [
      'knows the tags of who asks',
      [allow({ Condition: { StringEquals: { 'aws:PrincipalTag/team': 'db' } } })],
      {},
      true,
    ],
  ])('%s', (_promise, statements, context, allowed) => {
    expect(iamWith(statements).authorize(request({ context })).allowed).toBe(allowed);
  });

  test('needs the boundary as well as a permission, and names it', () => {
    const bounded = iamWith([allow()], [{ Effect: 'Allow', Action: 's3:*', Resource: '*' }]);
    expect(bounded.authorize(request())).toEqual({
      allowed: false,
      reason: 'no permissions boundary allows the rds:ModifyDBInstance action',
    });
    expect(iamWith([allow()], [{ Effect: 'Allow', Action: 'rds:*', Resource: '*' }]).authorize(request()).allowed).toBe(
      true,
    );
    expect(iamWith([], [{ Effect: 'Allow', Action: '*', Resource: '*' }]).authorize(request()).allowed).toBe(false);
  });

  test('says which statement denied', () => {
    const decision = iamWith([allow(), deny({ Sid: 'NeverTheSource' })]).authorize(request());
    expect(decision.reason).toBe('of an explicit deny in statement NeverTheSource of Access of role run');
  });

  test('denies a role that no template made', () => {
    const decision = createIam().authorize(request());
    expect(decision).toEqual({ allowed: false, reason: `no role ${ROLE} exists` });
  });
});

describe('condition operators', () => {
  const tags = { 'aws:TagKeys': ['a', 'b'] };
  test.each<[string, StatementJson, ConditionContext, boolean]>([
    ['StringNotEquals with another value', { StringNotEquals: { k: 'x' } }, { k: 'y' }, true],
    ['StringNotEquals with the value', { StringNotEquals: { k: ['x', 'y'] } }, { k: 'y' }, false],
    ['StringNotEquals without the key', { StringNotEquals: { k: 'x' } }, {}, true],
    ['StringEqualsIgnoreCase', { StringEqualsIgnoreCase: { k: 'X' } }, { k: 'x' }, true],
    ['StringLike', { StringLike: { k: 'rds.*.amazonaws.com' } }, { k: 'rds.eu-central-1.amazonaws.com' }, true],
    ['StringEquals takes a * as a character', { StringEquals: { k: 'rds.*' } }, { k: 'rds.x' }, false],
    ['StringEquals equals a *', { StringEquals: { k: 'rds.*' } }, { k: 'rds.*' }, true],
    ['StringNotLike', { StringNotLike: { k: 'a*' } }, { k: 'abc' }, false],
    ['StringEqualsIfExists without the key', { StringEqualsIfExists: { k: 'x' } }, {}, true],
    ['StringEqualsIfExists with another value', { StringEqualsIfExists: { k: 'x' } }, { k: 'y' }, false],
    ['ArnLike', { ArnLike: { k: 'arn:aws:rds:*:*:db:a*' } }, { k: 'arn:aws:rds:eu:1:db:abc' }, true],
    [
      'ArnLike compares part by part',
      { ArnLike: { k: 'arn:aws:rds:*:db:abc' } },
      { k: 'arn:aws:rds:eu:1:db:abc' },
      false,
    ],
    ['ArnEquals', { ArnEquals: { k: ROLE } }, { k: ROLE }, true],
    ['ArnNotLike', { ArnNotLike: { k: 'arn:aws:iam::*:role/run' } }, { k: ROLE }, false],
    ['Bool', { Bool: { k: true } }, { k: 'true' }, true],
    ['Bool without the key', { Bool: { k: 'false' } }, {}, false],
    ['Null true without the key', { Null: { k: 'true' } }, {}, true],
    ['Null true with the key', { Null: { k: 'true' } }, { k: 'x' }, false],
    ['Null false with the key', { Null: { k: false } }, { k: 'x' }, true],
    ['NumericLessThan', { NumericLessThan: { k: '10' } }, { k: '9' }, true],
    ['NumericLessThan at the limit', { NumericLessThan: { k: 10 } }, { k: '10' }, false],
    ['NumericGreaterThanEquals', { NumericGreaterThanEquals: { k: '10' } }, { k: '10' }, true],
    ['NumericEquals of no number', { NumericEquals: { k: '0' } }, { k: '' }, false],
    ['DateLessThan', { DateLessThan: { k: '2026-01-02T00:00:00Z' } }, { k: '2026-01-01T00:00:00Z' }, true],
    ['IpAddress', { IpAddress: { k: '10.0.0.0/8' } }, { k: '10.1.2.3' }, true],
    ['NotIpAddress', { NotIpAddress: { k: '10.0.0.0/8' } }, { k: '10.1.2.3' }, false],
    ['ForAllValues with all allowed', { 'ForAllValues:StringEquals': { 'aws:TagKeys': ['a', 'b', 'c'] } }, tags, true],
    ['ForAllValues with one too many', { 'ForAllValues:StringEquals': { 'aws:TagKeys': ['a'] } }, tags, false],
    ['ForAllValues without the key', { 'ForAllValues:StringEquals': { 'aws:TagKeys': ['a'] } }, {}, true],
    ['ForAnyValue with one', { 'ForAnyValue:StringEquals': { 'aws:TagKeys': ['b', 'z'] } }, tags, true],
    ['ForAnyValue with none', { 'ForAnyValue:StringLike': { 'aws:TagKeys': 'z*' } }, tags, false],
    ['ForAnyValue without the key', { 'ForAnyValue:StringEquals': { 'aws:TagKeys': ['a'] } }, {}, false],
    ['a variable with a default', { StringEquals: { k: `\${aws:PrincipalTag/none, 'x'}` } }, { k: 'x' }, true],
    ['a literal dollar and star', { StringLike: { k: `a\${*}b` } }, { k: 'a*b' }, true],
    ['a literal star is no wildcard', { StringLike: { k: `a\${*}b` } }, { k: 'axb' }, false],
  ])('%s', (_case, Condition, context, allowed) => {
    expect(iamWith([allow({ Condition })]).authorize(request({ context })).allowed).toBe(allowed);
  });

  test('fails on a multivalued key without a quantifier instead of guessing', () => {
    const iam = iamWith([allow({ Condition: { StringEquals: { 'aws:TagKeys': 'a' } } })]);
    expect(() => iam.authorize(request({ context: tags }))).toThrow(/needs ForAllValues or ForAnyValue/);
  });
});

describe('malformed policies are refused when they are deployed', () => {
  test.each<[string, StatementJson | object, RegExp]>([
    ['an unknown operator', allow({ Condition: { StringMatches: { k: 'x' } } }), /condition operator StringMatches/],
    ['NullIfExists', allow({ Condition: { NullIfExists: { k: 'true' } } }), /condition operator NullIfExists/],
    ['an unknown element', allow({ Resources: DB }), /unknown elements: Resources/],
    ['no effect', { Action: 'rds:*', Resource: '*' }, /Effect Allow or Deny/],
    ['no action', { Effect: 'Allow', Resource: '*' }, /Action or NotAction/],
    ['both actions', allow({ NotAction: 'rds:*' }), /both Action and NotAction/],
    ['an action without a service', allow({ Action: 'ModifyDBInstance' }), /not <service>:<action>/],
    ['no resource', { Effect: 'Allow', Action: 'rds:*' }, /Resource or NotResource/],
    ['a principal', allow({ Principal: '*' }), /may have no Principal/],
    ['an empty list', allow({ Action: [] }), /list of strings/],
  ])('%s', (_case, statement, message) => {
    expect(() => iamWith([statement as StatementJson])).toThrow(message);
  });

  test('an unknown version', () => {
    const iam = createIam();
    expect(() => iam.putManagedPolicy('arn:x', { Version: '2020-01-01', Statement: [allow()] })).toThrow(/version/);
  });

  test('an AWS managed policy that is not known', () => {
    const iam = iamWith([]);
    expect(() => iam.attachPolicy('run', 'arn:aws:iam::aws:policy/AdministratorAccess')).toThrow(/is not known/);
  });
});

describe('a key policy', () => {
  const KEY = 'arn:aws:kms:eu-central-1:111122223333:key/1';
  const kms = (context: ConditionContext = {}) => ({
    principalArn: ROLE,
    action: 'kms:CreateGrant',
    resource: KEY,
    context: { 'kms:CallerAccount': '111122223333', ...context },
  });
  const root = {
    Effect: 'Allow',
    Principal: { AWS: 'arn:aws:iam::111122223333:root' },
    Action: 'kms:*',
    Resource: '*',
  };
  const role = {
    Effect: 'Allow',
    Principal: { AWS: ROLE },
    Action: 'kms:CreateGrant',
    Resource: '*',
    Condition: {
      Bool: { 'kms:GrantIsForAWSResource': 'true' },
      StringEquals: { 'kms:ViaService': 'rds.eu-central-1.amazonaws.com', 'kms:CallerAccount': '111122223333' },
    },
  };
  const viaRds = { 'kms:GrantIsForAWSResource': 'true', 'kms:ViaService': 'rds.eu-central-1.amazonaws.com' };
  const grant = { Effect: 'Allow', Action: 'kms:CreateGrant', Resource: KEY };

  test.each<[string, StatementJson[], StatementJson[], ConditionContext, boolean]>([
    [
      'that says nothing of the account denies, whatever IAM allows',
      [{ ...role, Principal: { AWS: 'arn:aws:iam::111122223333:role/other' } }],
      [grant],
      viaRds,
      false,
    ],
    ['that names the account leaves it to IAM, which allows', [root], [grant], {}, true],
    ['that names the account leaves it to IAM, which does not allow', [root], [], {}, false],
    ['that names the role allows it without IAM', [role], [], viaRds, true],
    ['bound to RDS denies a direct call', [role], [], { 'kms:GrantIsForAWSResource': 'true' }, false],
    [
      'bound to grants for AWS denies another grant',
      [role],
      [],
      { ...viaRds, 'kms:GrantIsForAWSResource': 'false' },
      false,
    ],
    ['denies for the account with an explicit denial', [role, { ...root, Effect: 'Deny' }], [grant], viaRds, false],
    ['is overruled by a denial of IAM', [role], [{ ...grant, Effect: 'Deny' }], viaRds, false],
  ])('%s', (_promise, statements, identity, context, allowed) => {
    const keyPolicy = policyOf(...statements);
    expect(iamWith(identity).authorizeKeyPolicy({ ...kms(context), keyPolicy }).allowed).toBe(allowed);
  });

  test('that names the role does not reach beyond its permissions boundary', () => {
    const bounded = iamWith([], [{ Effect: 'Allow', Action: 's3:*', Resource: '*' }]);
    expect(bounded.authorizeKeyPolicy({ ...kms(viaRds), keyPolicy: policyOf(role) }).allowed).toBe(false);
  });

  test('fails with NotPrincipal and Allow', () => {
    const open = { ...role, Principal: undefined, NotPrincipal: { AWS: ROLE } };
    const keyPolicy = JSON.parse(JSON.stringify(policyOf(open)));
    expect(() => iamWith([]).authorizeKeyPolicy({ ...kms(), keyPolicy })).toThrow(/NotPrincipal with Allow/);
  });
});

describe('a resource policy', () => {
  const bucket = 'arn:aws:s3:::evidence/report.json';
  const put = {
    principalArn: ROLE,
    action: 's3:PutObject',
    resource: bucket,
    context: { 'aws:SecureTransport': 'true' },
  };
  test('allows on either side and denies on either side', () => {
    const tlsOnly = {
      Effect: 'Deny',
      Principal: '*',
      Action: 's3:*',
      Resource: 'arn:aws:s3:::evidence/*',
      Condition: { Bool: { 'aws:SecureTransport': 'false' } },
    };
    const named = { Effect: 'Allow', Principal: { AWS: ROLE }, Action: 's3:PutObject', Resource: `${bucket}` };
    const own = { Effect: 'Allow', Action: 's3:PutObject', Resource: 'arn:aws:s3:::evidence/*' };
    const decide = (identity: StatementJson[], ...policy: StatementJson[]) =>
      iamWith(identity).authorizeWithResourcePolicy({ ...put, resourcePolicy: policyOf(...policy) }).allowed;
    expect(decide([own], tlsOnly)).toBe(true);
    expect(decide([], tlsOnly)).toBe(false);
    expect(decide([], named, tlsOnly)).toBe(true);
    expect(decide([{ ...own, Effect: 'Deny' }], named)).toBe(false);
    const open = { ...put, context: { 'aws:SecureTransport': 'false' }, resourcePolicy: policyOf(tlsOnly) };
    expect(iamWith([own]).authorizeWithResourcePolicy(open).allowed).toBe(false);
  });
});

describe('the store', () => {
  test('lets only trusted services take on a role', () => {
    const iam = iamWith([]);
    const asked = { roleArn: ROLE, context: {} };
    expect(iam.authorizeAssumeRole({ ...asked, service: 'lambda.amazonaws.com' }).allowed).toBe(true);
    expect(iam.authorizeAssumeRole({ ...asked, service: 'states.amazonaws.com' }).allowed).toBe(false);
  });

  test('evaluates attached policies, and forgets what is removed', () => {
    const iam = iamWith([]);
    iam.putManagedPolicy('arn:aws:iam::111122223333:policy/p', policyOf(allow()));
    iam.attachPolicy('run', 'arn:aws:iam::111122223333:policy/p');
    expect(iam.authorize(request()).allowed).toBe(true);
    expect(() => iam.removeManagedPolicy('arn:aws:iam::111122223333:policy/p')).toThrow(/still attached/);
    iam.detachPolicy('run', 'arn:aws:iam::111122223333:policy/p');
    expect(iam.authorize(request()).allowed).toBe(false);
    iam.putInlinePolicy('run', 'More', policyOf(allow()));
    expect(iam.authorize(request()).allowed).toBe(true);
    iam.removeInlinePolicy('run', 'More');
    expect(iam.authorize(request()).allowed).toBe(false);
  });

  test('keeps policies that were added to a role when the role itself is changed', () => {
    const iam = iamWith([]);
    iam.putInlinePolicy('run', 'More', policyOf(allow()));
    iam.putRole({
      roleName: 'run',
      arn: ROLE,
      trustPolicy: TRUST,
      inlinePolicies: [],
      managedPolicyArns: [],
      permissionsBoundary: null,
      tags: {},
    });
    expect(iam.authorize(request()).allowed).toBe(true);
  });
});
