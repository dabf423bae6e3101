import { PHASES, type Phase } from '../../../lambda/contract';
import { stateOfWindow } from '../../../lambda/rollback/window';

const UNTIL = '2026-01-16T12:00:00Z';
const clock = { over: false, quietForLong: false };
const row = (phase: Phase = 'live', facts: object = {}, side: 'source' | 'target' = 'target') => ({
  migrationId: 'm',
  side,
  phase,
  epoch: '7',
  execution: 'arn:migrate',
  systemIdentifier: '1',
  facts: { wayBack: { lsn: '0/1', until: UNTIL, databases: ['shop'], ...facts } },
});
const told = (execution: string) => ({ told: { at: UNTIL, execution } });

it('is open until its end by the clock of the target', () => {
  expect(stateOfWindow(row(), 'arn:look', clock)).toMatchObject({ state: 'open', wayBack: { until: UNTIL } });
  expect(stateOfWindow(row(), 'arn:look', { ...clock, over: true })).toMatchObject({ state: 'over', due: true });
});

it.each([
  ['whoever told asks again', 'arn:look', false, true],
  ['somebody else told today', 'arn:before', false, false],
  ['a day has passed', 'arn:before', true, true],
])('is told of when %s: %s, %s -> %s', (_, teller, quietForLong, due) => {
  expect(stateOfWindow(row('live', told(teller)), 'arn:look', { over: true, quietForLong })).toMatchObject({ due });
});

it("is nobody's business while somebody is on the way back, before it opens, and after it was closed", () => {
  const over = { over: true, quietForLong: true };
  const turned = { ...row('replicating', {}, 'source'), facts: { ...row().facts, turned: true } };
  const closed = { ...row('live'), facts: { wayBack: null } };
  const others = PHASES.filter((phase) => phase !== 'live').map((phase) => row(phase));
  for (const each of [null, turned, closed, row('live', {}, 'source'), ...others]) {
    expect(stateOfWindow(each, 'arn:look', over).state).toBe('none');
  }
});
