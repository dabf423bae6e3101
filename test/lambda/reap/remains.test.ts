import fc from 'fast-check';
import { PHASES, type Phase } from '../../../lambda/contract';
import { decideRemains, decideWayBackRemains } from '../../../lambda/reap/remains';

const ENDED = 'arn:dead';
const REAPER = 'arn:reaper';
const row = (phase: Phase, execution: string, side: 'source' | 'target' = 'source') => ({
  migrationId: 'm',
  side,
  phase,
  epoch: '7',
  execution,
  systemIdentifier: '1',
  facts: {},
});
const decide = (phase: Phase, execution = ENDED) =>
  decideRemains(row(phase, execution), { ended: ENDED, reaper: REAPER });

it.each([
  ['assessed', 'release'],
  ['pruned', 'release'],
  ['scanned', 'release'],
  ['seeding', 'release'],
  ['replicating', 'release'],
  ['needs-resync', 'release'],
  ['aborted', 'release'],
  ['verified', 'keep'],
  ['fencing', 'give-back'],
  ['fenced', 'give-back'],
  ['flipped', 'give-back'],
  ['live', 'nothing'],
  ['rolled-back', 'nothing'],
] as const)('what a dead execution holds in phase %s: %s', (phase, remains) => {
  expect(decide(phase)).toMatchObject({ remains, taken: false });
  expect(PHASES).toContain(phase);
});

it('answers a reaper that asks again alike, and knows that it holds the migration already', () => {
  expect(decide('fenced', REAPER)).toMatchObject({ remains: 'give-back', taken: true });
});

it('takes nothing that the ledger does not name the dead execution for', () => {
  fc.assert(
    fc.property(fc.constantFrom(...PHASES), fc.constantFrom('', 'arn:alive', 'arn:another-reaper'), (phase, holder) => {
      expect(decide(phase, holder).remains).toBe('nothing');
    }),
  );
});

it('takes nothing from the ledger of a target', () => {
  const decision = decideRemains(row('verified', ENDED, 'target'), { ended: ENDED, reaper: REAPER });
  expect(decision.remains).toBe('nothing');
});

describe('on the way back', () => {
  const turned = (phase: Phase, execution: string, side: 'source' | 'target') => ({
    ...row(phase, execution, side),
    facts: { turned: true },
  });
  const back = (phase: Phase, execution = ENDED, old = turned('replicating', ENDED, 'target')) =>
    decideWayBackRemains(turned(phase, execution, 'source'), old, { ended: ENDED, reaper: REAPER });

  it.each([
    ['replicating', 'turn-back'],
    ['verified', 'turn-back'],
    ['needs-resync', 'turn-back'],
    ['fencing', 'give-target-back'],
    ['fenced', 'give-target-back'],
    ['flipped', 'give-target-back'],
    ['rolled-back', 'nothing'],
  ] as const)('what a dead execution holds in phase %s: %s', (phase, remains) => {
    expect(back(phase)).toMatchObject({ remains, taken: false });
    expect(back(phase, REAPER)).toMatchObject({ remains, taken: remains !== 'nothing' });
  });

  it('takes nothing that the ledger does not name the dead execution for', () => {
    for (const phase of PHASES)
      for (const holder of ['', 'arn:alive']) expect(back(phase, holder).remains).toBe('nothing');
  });

  it('takes nothing from a target whose sides are not turned, live or not, but what was turned back on it alone', () => {
    const target = (phase: Phase) => row(phase, ENDED, 'target');
    const asked = { ended: ENDED, reaper: REAPER };
    for (const phase of PHASES) {
      expect(decideWayBackRemains(target(phase), row('live', ENDED), asked).remains).toBe('nothing');
      expect(decideWayBackRemains(target(phase), null, asked).remains).toBe('nothing');
    }
    const half = decideWayBackRemains(target('live'), turned('replicating', ENDED, 'target'), asked);
    expect(half.remains).toBe('turn-back');
  });
});
