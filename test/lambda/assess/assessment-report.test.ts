import * as fc from 'fast-check';
import { CHECKS } from '../../../lambda/assess/check';
import { predict } from '../../../lambda/assess/prediction';
import { type Assessment, count } from '../../../lambda/assess/report/assessment';
import { renderPage } from '../../../lambda/assess/report/page';
import { COLUMNS, LINES, renderScreen, wrapped } from '../../../lambda/assess/report/screen';
import type { Check } from '../../../lambda/contract/assessment';
import { healthyInspection } from './assessed-source';

const text = fc.string({ unit: 'grapheme', maxLength: 400 });
const hostile = fc.oneof(
  text,
  fc.constant('<script>alert(1)</script>'),
  fc.constant('"><img src=x onerror=alert(1)>'),
  fc.constant('line\nfeed\r\u001b[2J\u202e'),
);

const checks: fc.Arbitrary<readonly Check[]> = fc
  .array(fc.record({ verdict: fc.constantFrom('pass', 'warn', 'block'), detail: hostile, remedy: hostile }), {
    maxLength: Object.keys(CHECKS).length,
  })
  .map((found) => found.map((each, index) => ({ id: Object.keys(CHECKS)[index] ?? 'more', ...each }) as Check));

const assessments: fc.Arbitrary<Assessment> = fc
  .record({ checks, name: hostile, bytes: fc.maxSafeNat(), rate: fc.double({ min: 0, max: 1e9, noNaN: true }) })
  .map(({ checks: all, name, bytes, rate }) => assessmentOf(all, { name, bytes, rate }));

function assessmentOf(all: readonly Check[], given: { name: string; bytes: number; rate: number }): Assessment {
  const { pass, warn, block } = count(all);
  const advice = <T>(value: T) => ({ advised: value, configured: value, basis: given.name });
  return {
    migrationId: 'guard',
    at: '2026-11-20T12:00:00.000Z',
    source: healthyInspection(17).source,
    version: '17.10',
    verdict: block > 0 ? 'block' : warn > 0 ? 'warn' : 'pass',
    checks: all.slice(0, pass + warn + block),
    sizing: {
      allocatedStorageGib: advice(65_536),
      instanceClass: advice('db.m7g.24xlarge'),
      verifyWorkers: advice(8),
    },
    prediction: predict({
      copies: null,
      databaseBytes: given.bytes,
      verifiedBytes: given.bytes,
      verifyWorkers: 1,
      prunedTables: 7,
      scanWorkers: 4,
      walBytesPerSecond: given.rate,
      walBasis: given.name,
      keylessBytes: given.bytes,
      recordTtlSeconds: 300,
      switchKind: 'route53',
    }),
    databases: [{ name: given.name, bytes: given.bytes, tables: 1, estimatedRows: 1 }],
    largest: [{ database: given.name, schema: given.name, name: given.name, bytes: given.bytes, rows: 1 }],
  };
}

describe('the screen of text', () => {
  it('has at most 40 lines of 100 columns, whatever was found, and nothing moves the cursor', () => {
    fc.assert(
      fc.property(assessments, (assessment) => {
        const screen = renderScreen(assessment);
        const lines = screen.split('\n').slice(0, -1);
        expect(lines.length).toBeLessThanOrEqual(LINES);
        expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(COLUMNS);
        expect(lines.join('')).not.toMatch(/[\p{Cc}\u202e]/u);
        expect(lines[0]).toMatch(assessment.verdict === 'block' ? /^NOT READY/ : /^READY/);
      }),
    );
  });

  it('says what blocks before what warns, and how many it leaves out', () => {
    const all = Object.keys(CHECKS).map((id, index): Check => {
      return { id, verdict: index % 2 === 0 ? 'warn' : 'block', detail: `of ${id}`, remedy: `heal ${id}` };
    });
    const screen = renderScreen(assessmentOf(all, { name: 'app', bytes: 1, rate: 1 }));
    expect(screen.lastIndexOf('BLOCK ')).toBeLessThan(screen.includes('warn  ') ? screen.indexOf('warn  ') : Infinity);
    const [, more = '0'] = /and (\d+) more/.exec(screen) ?? [];
    expect(Number(more) + (screen.match(/^(?:BLOCK|warn ) /gm) ?? []).length).toBe(all.length);
  });

  it('gives a single finding room for its remedy', () => {
    const remedy = Array.from({ length: 30 }, (_, index) => `word${index}`).join(' ');
    const one: Check = { id: 'wal-level', verdict: 'block', detail: 'wal_level is replica', remedy };
    const screen = renderScreen(assessmentOf([one], { name: 'app', bytes: 1, rate: 1 }));
    expect(screen).toContain('BLOCK wal-level: wal_level is replica');
    expect(screen.replaceAll(/\n\s+/g, ' ')).toContain(remedy);
  });

  it('breaks at blanks and never loses a word that fits', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: fc.constantFrom('a', 'b', '1'), minLength: 1, maxLength: 20 }), {
          minLength: 1,
          maxLength: 40,
        }),
        (words) => {
          const lines = wrapped(words.join(' '), 100, '  ');
          expect(lines.map((line) => line.trim()).join(' ')).toBe(words.join(' '));
        },
      ),
    );
  });
});

describe('the page', () => {
  it('holds no markup of what was found, no script, and nothing from elsewhere', () => {
    fc.assert(
      fc.property(assessments, (assessment) => {
        const page = renderPage(assessment);
        expect(page).not.toMatch(/<script|<img|onerror=alert\(1\)>|https?:/i);
        expect(page).toContain('</html>');
        expect(page).not.toMatch(/undefined|NaN|\[object/);
      }),
      { numRuns: 50 },
    );
  });

  it('names every check with its verdict, and every remedy', () => {
    const all = Object.keys(CHECKS).map((id, index): Check => {
      const verdict = (['pass', 'warn', 'block'] as const)[index % 3] ?? 'pass';
      return { id, verdict, detail: `detail of ${id}`, remedy: verdict === 'pass' ? '' : `remedy of ${id}` };
    });
    const page = renderPage(assessmentOf(all, { name: 'app', bytes: 1, rate: 1 }));
    for (const { id, detail, remedy } of all) {
      expect(page).toContain(`<code>${id}</code>`);
      expect(page).toContain(detail);
      expect(page).toContain(remedy);
    }
  });
});
