import type { LedgerRow } from '../../../lambda/platform/ledger';
import { decideTurn, type TurnRequest } from '../../../lambda/rollback/turn-decision';

const wayBack = { lsn: '0/1', until: '2026-01-16T12:00:00Z', databases: ['shop'] };
const row = (changes: Partial<LedgerRow> = {}): LedgerRow => ({
  migrationId: 'x',
  side: 'target',
  phase: 'live',
  epoch: '5',
  execution: 'arn:migrate',
  systemIdentifier: '7',
  facts: { wayBack },
  ...changes,
});
const turned = (changes: Partial<LedgerRow> = {}) =>
  row({ side: 'source', phase: 'verified', execution: 'arn:dead', facts: { wayBack, turned: true }, ...changes });
const request = (changes: Partial<TurnRequest> = {}): TurnRequest => ({
  execution: 'arn:back',
  takeOver: null,
  source: row({ side: 'source', epoch: '8', facts: {} }),
  over: false,
  ...changes,
});
const reasonOf = (found: LedgerRow | null, asked = request()) => {
  const decision = decideTurn(found, asked);
  return decision.verdict === 'refuse' ? decision.reason : decision.verdict;
};

describe('turning the sides round', () => {
  it('begins an epoch that neither ledger had', () => {
    expect(decideTurn(row(), request())).toEqual({ verdict: 'turn', epoch: '9', wayBack });
    expect(decideTurn(row(), request({ source: null }))).toMatchObject({ epoch: '6' });
  });

  it('fails when there is nothing to go back from, or no way', () => {
    expect(reasonOf(null)).toMatch(/not known/);
    expect(reasonOf(row({ phase: 'rolled-back' }))).toMatch(/rolled back before/);
    expect(reasonOf(row({ phase: 'flipped' }))).toMatch(/not settled yet.*arn:migrate/);
    expect(reasonOf(row({ phase: 'verified' }))).toMatch(/only a live target/);
    expect(reasonOf(row({ side: 'source' }))).toMatch(/only a live target/);
    expect(reasonOf(row({ facts: {} }))).toMatch(/no way back.*windowHours/);
    expect(reasonOf(row({ facts: { wayBack: null } }))).toMatch(/no way back/);
    expect(reasonOf(row(), request({ over: true }))).toMatch(/until 2026-01-16T12:00:00Z/);
  });

  it('answers its holder alike, names another, and lets a dead one be taken over', () => {
    expect(decideTurn(turned({ execution: 'arn:back' }), request({ over: true }))).toMatchObject({
      verdict: 'keep',
      epoch: '5',
    });
    expect(reasonOf(turned())).toMatch(/arn:dead in phase verified/);
    expect(decideTurn(turned(), request({ takeOver: 'arn:dead' }))).toMatchObject({ verdict: 'turn', epoch: '6' });
  });

  it('leads a way back that had flipped to its end, whoever takes it over', () => {
    for (const phase of ['flipped', 'rolled-back'] as const) {
      const source = row({ side: 'target', phase, epoch: '6', facts: { turned: true } });
      const decision = decideTurn(turned({ phase: 'fenced' }), request({ takeOver: 'arn:dead', source }));
      expect(decision).toMatchObject({ verdict: 'keep', epoch: '5' });
    }
  });
});
