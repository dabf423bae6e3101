import { acceptedWildcards, isAccepted } from './support/accepted-wildcards';
import { example, synthesize } from './support/synthesis';
import { type Wildcard, wildcardsOf } from './support/wildcards';

describe('wildcards in permissions', () => {
  const ACCEPTED = acceptedWildcards('demo');
  const secretArn = 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:shop/database-Cd34Ef';
  const switches = [example().switch, { kind: 'secret' as const, secretArn }];
  const found = switches
    .map((chosen) => synthesize([example({ switch: chosen, notifications: { emails: ['ops@example.com'] } })]))
    .flatMap(({ templates }) => Object.values(templates).flatMap(wildcardsOf));

  test('every one of them, in every policy of every stack, has a written reason', () => {
    expect(found.length).toBeGreaterThan(50);
    expect(found.filter((wildcard) => !ACCEPTED.some((accepted) => isAccepted(wildcard, accepted)))).toEqual([]);
  });

  test('no reason is left of one that is gone', () => {
    const stale = ACCEPTED.filter((accepted) => !found.some((wildcard) => isAccepted(wildcard, accepted)));
    expect(stale.map(({ reason }) => reason)).toEqual([]);
  });

  test('nobody is trusted by a wildcard, and no principal is one', () => {
    expect(found.filter(({ kind }) => kind === 'trust')).toEqual([]);
    expect(found.filter(({ part }) => part === 'principal')).toEqual([]);
  });

  test('fails on a wildcard that nobody accepted', () => {
    const planted: Wildcard = {
      holder: 'FunctionswatchRolePermissions',
      kind: 'identity',
      part: 'resource',
      text: '*',
      actions: ['rds:*'],
    };
    expect(ACCEPTED.some((accepted) => isAccepted(planted, accepted))).toBe(false);
  });
});
