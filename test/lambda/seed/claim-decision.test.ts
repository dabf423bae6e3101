import { PHASES, type Phase } from '../../../lambda/contract';
import type { LedgerRow } from '../../../lambda/platform/ledger';
import { type ClaimRequest, decideClaim } from '../../../lambda/seed/claim-decision';

const request: ClaimRequest = {
  migrationId: 'x',
  execution: 'arn:two',
  takeOver: null,
  systemIdentifier: '7',
  firstEpoch: '1000',
};
const row = (changes: Partial<LedgerRow> = {}): LedgerRow => ({
  migrationId: 'x',
  side: 'source',
  phase: 'replicating',
  epoch: '5',
  execution: 'arn:one',
  systemIdentifier: '7',
  facts: {},
  ...changes,
});

describe('a claim', () => {
  it('begins with an epoch that no earlier run had', () => {
    expect(decideClaim(null, request)).toEqual({ verdict: 'hold', epoch: '1000', phase: 'assessed' });
  });

  it('answers its holder as before', () => {
    const decision = decideClaim(row({ execution: 'arn:two' }), request);
    expect(decision).toEqual({ verdict: 'hold', epoch: '5', phase: 'replicating' });
  });

  it('goes to the next epoch when it was freed or is taken over, and keeps the phase', () => {
    const held = { verdict: 'hold', epoch: '6', phase: 'replicating' };
    expect(decideClaim(row({ execution: '' }), request)).toEqual(held);
    expect(decideClaim(row(), { ...request, takeOver: 'arn:one' })).toEqual(held);
    expect(decideClaim(row({ phase: 'aborted' }), request)).toEqual({ ...held, phase: 'assessed' });
  });

  it('fails and names the holder otherwise', () => {
    expect(decideClaim(row(), request)).toMatchObject({
      verdict: 'refuse',
      reason: expect.stringContaining('arn:one'),
    });
    expect(decideClaim(row(), { ...request, takeOver: 'arn:three' }).verdict).toBe('refuse');
  });

  it('fails on another cluster, a target, a live migration, and a redrive after an abort', () => {
    const own = { execution: 'arn:two' };
    expect(decideClaim(row({ ...own, systemIdentifier: '8' }), request).verdict).toBe('refuse');
    expect(decideClaim(row({ ...own, side: 'target' }), request).verdict).toBe('refuse');
    expect(decideClaim(row({ ...own, phase: 'aborted' }), request).verdict).toBe('refuse');
    const refused = PHASES.filter((phase: Phase) => decideClaim(row({ ...own, phase }), request).verdict === 'refuse');
    expect(refused).toEqual(['flipped', 'live', 'aborted', 'rolled-back', 'retired']);
  });
});
