import * as fc from 'fast-check';
import { matchesArnPattern, matchesWildcard } from '../../../lib/rehearsal/iam/wildcard';

const piece = fc.string({ unit: fc.constantFrom(...'ab.:/+$^()[]{}|\\*?-\n'.split('')), maxLength: 8 });
const plain = piece.map((text) => text.replace(/[*?]/g, 'x'));

/** The textbook definition, by recursion: slow and obviously right. */
function matchesByDefinition(pattern: string, text: string): boolean {
  const [head, ...rest] = pattern.split('');
  const tail = rest.join('');
  if (head === undefined) return text === '';
  if (head === '*') {
    return Array.from({ length: text.length + 1 }, (_, index) => index).some((index) =>
      matchesByDefinition(tail, text.slice(index)),
    );
  }
  return text !== '' && (head === '?' || head === text[0]) && matchesByDefinition(tail, text.slice(1));
}

test('a pattern matches exactly what the definition of * and ? says', () => {
  fc.assert(
    fc.property(piece, plain, (pattern, text) => matchesWildcard(pattern, text) === matchesByDefinition(pattern, text)),
    { numRuns: 500 },
  );
});

test('a text without wildcards matches itself only', () => {
  fc.assert(fc.property(plain, plain, (pattern, text) => matchesWildcard(pattern, text) === (pattern === text)));
});

test('a text cut into pieces joined by * is matched', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(plain, plain), { minLength: 1, maxLength: 4 }), (pairs) =>
      matchesWildcard(
        pairs.map(([fixed]) => `${fixed}*`).join(''),
        pairs.map(([fixed, free]) => fixed + free).join(''),
      ),
    ),
  );
});

test.each([
  ['*', 'arn:aws:rds:eu:1:db:x', true],
  ['arn:aws:rds:*', 'arn:aws:rds:eu:1:db:x', true],
  ['arn:aws:rds:eu:1:db:sealift-*', 'arn:aws:rds:eu:1:db:sealift-demo', true],
  ['arn:aws:rds:eu:1:db:sealift-*-target', 'arn:aws:rds:eu:1:db:sealift-a:b-target', true],
  ['arn:aws:rds:e*u:1:db:x', 'arn:aws:rds:e-u:1:db:x', true],
  ['arn:aws:rds:e*u:1:db:x', 'arn:aws:rds:e:u:1:db:x', false],
  ['arn:aws:s3:::bucket/a?c', 'arn:aws:s3:::bucket/abc', true],
  ['arn:aws:s3:::bucket', 'arn:aws:s3:::bucket/abc', false],
])('the resource pattern %s on %s: %s', (pattern, arn, matches) => {
  expect(matchesArnPattern(pattern, arn)).toBe(matches);
});
