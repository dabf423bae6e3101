import type { PruningFacts } from '../../../lib/rehearsal/report/history/migration-facts';
import type { ReportPage } from '../../../lib/rehearsal/report/page/page';
import { pruningFigures, pruningSection } from '../../../lib/rehearsal/report/page/pruning';

const EVENT = {
  database: 'lineage',
  relation: '"public"."event<b>"',
  column: 'at',
  olderThan: '6 months',
  boundary: '2026-01-01T00:00:00.000000Z',
  rows: 1_200,
  ofRows: 4_000,
  bytes: 1_000_000,
  children: [
    { relation: '"public"."mention"', rows: 2_400 },
    { relation: '"public"."note"', rows: 0 },
  ],
};

const DONE: PruningFacts = {
  plan: { entries: [EVENT], refusals: [], warnings: ['note (event_id) has no index'] },
  removed: {
    again: false,
    rows: 3_599,
    kept: 1,
    tables: [
      { database: 'lineage', relation: EVENT.relation, rows: 1_199 },
      { database: 'lineage', relation: '"public"."mention"', rows: 2_400 },
    ],
  },
  keptIn: 'sealift-one-baseline-encrypted',
};

function section(facts: PruningFacts | null): string {
  return pruningSection({ pruning: pruningFigures(facts) } as ReportPage)?.text ?? '';
}

describe('the section of a pruning', () => {
  it('names table, rule, boundary, what was planned, what went, what went with it, and where it is kept', () => {
    const text = section(DONE);
    for (const word of [
      '&#60;b&#62;',
      'at older than 6 months',
      EVENT.boundary,
      '1,200',
      '4,000',
      '1,199',
      '2,400 of',
      '3,599 rows went',
      'sealift-one-baseline-encrypted',
      '1 old rows stayed',
      'note (event_id) has no index',
    ]) {
      expect(text).toContain(word);
    }
    expect(text).not.toContain('<b>');
  });

  it('says of a second run that nothing was old', () => {
    const again = { ...DONE, removed: { again: false, rows: 0, kept: 0, tables: [] }, keptIn: null };
    expect(section(again)).toContain('Nothing was old that could go.');
  });

  it('tells a preview from a removal, and is not there without a plan', () => {
    const preview = section({ ...DONE, removed: null, keptIn: null });
    expect(preview).toContain('Nothing of it was removed in this run.');
    expect(preview).not.toContain('1,199');
    expect(section(null)).toBe('');
  });
});
