/** Where every Catch edge leads, in the operator's words, and how a machine is brought to the state that fails. */
import type { CatchEdge } from './catch-edges';
import { type Answers, failWith } from './run-machines';

/** By machine, state and what is caught: the states that follow, waits and choices left out, and how it ends. */
export const EDGES: Readonly<Record<string, string>> = {
  'prune: Assess [States.ALL]': 'Assessment failed: PostgresError',
  'prune: Claim the migration [Blocked]': 'Claim refused: Blocked',
  'prune: Claim the migration [States.ALL]': 'Leave the claim > Claim failed: PostgresError',
  'prune: Release the claim [States.ALL]': 'Pruned: succeeds',
  'prune: Plan the pruning [States.ALL]': 'Give the source back > Pruning failed: PostgresError',
  'prune: Conclude the pruning [States.ALL]': 'Give the source back > Pruning failed: PostgresError',
  'prune: Prune [States.ALL]': 'Give the source back > Pruning failed: PostgresError',
  'prune: Queue the pruning [States.ALL]': 'Give the source back > Pruning failed: PostgresError',
  'prune: Encrypt the baseline [States.ALL]': 'Give the source back > Pruning failed: PostgresError',
  'prune: Take the baseline [States.ALL]': 'Give the source back > Pruning failed: PostgresError',
  'prune: Give the source back [States.ALL]': 'Page a human > Needs a human: PostgresError, a human is told',
  'prune: Page a human [States.ALL]': 'Needs a human: Blocked',
  'prune: Preview the pruning [States.ALL]': 'Preview failed: PostgresError',
  'scan: Assess [States.ALL]': 'Assessment failed: PostgresError',
  'scan: Claim the migration [Blocked]': 'Claim refused: Blocked',
  'scan: Claim the migration [States.ALL]': 'Give the source back > Scan failed: PostgresError',
  'scan: Plan the scan [States.ALL]': 'Give the source back > Scan failed: PostgresError',
  'scan: Scan [States.ALL]': 'Give the source back > Scan failed: PostgresError',
  'scan: Conclude the scan [States.ALL]': 'Give the source back > Scan failed: PostgresError',
  'scan: Give the source back [States.ALL]': 'Page a human > Needs a human: PostgresError, a human is told',
  'scan: Repair [States.ALL]': 'Give the source back > Scan failed: PostgresError',
  'scan: Release the claim [States.ALL]': 'Scanned: succeeds',
  'scan: Page a human [States.ALL]': 'Needs a human: Blocked',
  'replicate: Assess [States.ALL]': 'Assessment failed: PostgresError',
  'replicate: Claim the migration [Blocked]': 'Claim refused: Blocked',
  'replicate: Claim the migration [States.ALL]': 'Give the source back > Replication failed: PostgresError',
  'replicate: Give the source back [States.ALL]': 'Page a human > Needs a human: PostgresError, a human is told',
  'replicate: Adopt the target [States.ALL]': 'Give the source back > Replication failed: PostgresError',
  'replicate: Create the target [States.ALL]': 'Give the source back > Replication failed: PostgresError',
  'replicate: Encrypt the snapshot [States.ALL]': 'Give the source back > Replication failed: PostgresError',
  'replicate: Take the snapshot [States.ALL]': 'Give the source back > Replication failed: PostgresError',
  'replicate: Prepare the source [States.ALL]': 'Give the source back > Replication failed: PostgresError',
  'replicate: Subscribe [States.ALL]': 'Give the source back > Replication failed: PostgresError',
  'replicate: Watch replication [States.ALL]': 'Give the source back > Replication failed: PostgresError',
  'replicate: Tell that apply stands still [States.ALL]':
    'Apply was told of > Watch replication > Plan the verification > Verify > Verify chunks > Conclude the verification > Release the claim > Replicating: succeeds',
  'replicate: Plan the verification [States.ALL]': 'Give the source back > Replication failed: PostgresError',
  'replicate: Verify [States.ALL]': 'Give the source back > Replication failed: PostgresError',
  'replicate: Conclude the verification [States.ALL]': 'Give the source back > Replication failed: PostgresError',
  'replicate: Release the claim [States.ALL]': 'Replicating: succeeds',
  'replicate: Page a human [States.ALL]': 'Needs a human: Blocked',
  'cutover: Assess [States.ALL]': 'Assessment failed: PostgresError',
  'cutover: Claim the migration [Blocked]': 'Claim refused: Blocked',
  'cutover: Plan the verification [States.ALL]':
    'Give the source back > Release the claim > Cutover aborted: CutoverAborted',
  'cutover: Verify [States.ALL]': 'Give the source back > Release the claim > Cutover aborted: CutoverAborted',
  'cutover: Conclude the verification [States.ALL]':
    'Give the source back > Release the claim > Cutover aborted: CutoverAborted',
  'cutover: Give the source back [States.ALL]': 'Page a human > Needs a human: PostgresError, a human is told',
  'cutover: Cut over [PastTheFlip]': 'Page a human > Needs a human: PastTheFlip, a human is told',
  'cutover: Cut over [States.ALL]': 'Give the source back > Release the claim > Cutover aborted: CutoverAborted',
  'cutover: Settle [PastTheFlip]': 'Page a human > Needs a human: PastTheFlip, a human is told',
  'cutover: Settle [States.ALL]': 'Give the source back > Live after completion: succeeds',
  'cutover: Page a human [States.ALL]': 'Needs a human: Blocked',
  'cutover: Release the claim [States.ALL]': 'Cutover aborted: CutoverAborted',
  'migrate: Assess [States.ALL]': 'Migration failed: PostgresError',
  'migrate: Scan [States.ALL]': 'Migration failed: PostgresError',
  'migrate: Replicate [States.ALL]': 'Migration failed: PostgresError',
  'migrate: Look at the lag [States.ALL]': 'Release the claim > Not approved: PostgresError',
  'migrate: Ask for approval [States.Timeout]': 'Release the claim > Not approved: Blocked',
  'migrate: Ask for approval [Refused]': 'Release the claim > Not approved: Blocked',
  'migrate: Ask for approval [States.ALL]': 'Release the claim > Not approved: Blocked',
  'migrate: Bring the verification up to date [States.ALL]': 'Release the claim > Not approved: PostgresError',
  'migrate: Release the claim [States.ALL]': 'Not approved: Blocked',
  'migrate: Cutover [States.ALL]': 'Migration failed: PostgresError',
  'rollback: Turn the sides round [Blocked]': 'Way back refused: Blocked',
  'rollback: Turn the sides round [States.ALL]': 'Page a human > Needs a human: PostgresError, a human is told',
  'rollback: Plan the verification [States.ALL]':
    'Give the target back > Turn the sides back > Rollback aborted: CutoverAborted',
  'rollback: Verify [States.ALL]': 'Give the target back > Turn the sides back > Rollback aborted: CutoverAborted',
  'rollback: Conclude the verification [States.ALL]':
    'Give the target back > Turn the sides back > Rollback aborted: CutoverAborted',
  'rollback: Give the target back [States.ALL]': 'Page a human > Needs a human: PostgresError, a human is told',
  'rollback: Return [PastTheFlip]': 'Page a human > Needs a human: PastTheFlip, a human is told',
  'rollback: Return [States.ALL]': 'Give the target back > Turn the sides back > Rollback aborted: CutoverAborted',
  'rollback: Bring the verification up to date [States.ALL]':
    'Give the target back > Turn the sides back > Rollback aborted: CutoverAborted',
  'rollback: Ask for approval [States.Timeout]':
    'Give the target back > Turn the sides back > Rollback aborted: Blocked',
  'rollback: Ask for approval [Refused]': 'Give the target back > Turn the sides back > Rollback aborted: Blocked',
  'rollback: Ask for approval [States.ALL]': 'Give the target back > Turn the sides back > Rollback aborted: Blocked',
  'rollback: Look at the lag [States.ALL]':
    'Give the target back > Turn the sides back > Rollback aborted: CutoverAborted',
  'rollback: Settle [PastTheFlip]': 'Page a human > Needs a human: PastTheFlip, a human is told',
  'rollback: Settle [States.ALL]': 'Give the target back > Rolled back after completion: succeeds',
  'rollback: Page a human [States.ALL]': 'Needs a human: Blocked',
  'rollback: Turn the sides back [States.ALL]': 'Page a human > Needs a human: PostgresError, a human is told',
  'window: Look for the target [States.ALL]': 'Look failed: PostgresError',
  'window: Look at the way back [States.ALL]': 'Look failed: PostgresError',
  'window: Retire [States.ALL]': 'Tell that the window is over > Told: succeeds, a human is told',
  'window: Tell that the window is over [States.ALL]': 'Told: succeeds',
  'retire: Inspect AWS [States.ALL]': 'Retiring failed: PostgresError',
  'retire: Close the way back [States.ALL]': 'Retiring failed: PostgresError',
  'retire: Take the last snapshot [States.ALL]': 'Retiring failed: PostgresError',
  'retire: Encrypt the last snapshot [States.ALL]': 'Retiring failed: PostgresError',
  'retire: List what is left [States.ALL]': 'Retiring failed: PostgresError',
  'reaper: Look how it ended [States.ALL]': 'Page a human > Needs a human: PostgresError, a human is told',
  'reaper: Take over what is held [States.ALL]': 'Page a human > Needs a human: PostgresError, a human is told',
  'reaper: Give the source back [States.ALL]': 'Page a human > Needs a human: PostgresError, a human is told',
  'reaper: Turn the sides back [States.ALL]': 'Page a human > Needs a human: PostgresError, a human is told',
  'reaper: Give the target back [States.ALL]': 'Page a human > Needs a human: PostgresError, a human is told',
  'reaper: Free the claim [States.ALL]': 'Page a human > Needs a human: PostgresError, a human is told',
  'reaper: Tell what was done [States.ALL]':
    'Wait for late calls > Look how it ended > Take over what is held > Reaped: succeeds',
  'reaper: Release the source [States.ALL]': 'Page a human > Needs a human: PostgresError, a human is told',
  'reaper: Page a human [States.ALL]': 'Needs a human: Blocked',
  'reaper: Page a human behind the flip [States.ALL]':
    'Wait for late calls > Look how it ended > Take over what is held > Reaped: succeeds',
  'replicate: Plan the scan of the copy [States.ALL]': 'Give the source back > Replication failed: PostgresError',
  'replicate: Scan [States.ALL]': 'Give the source back > Replication failed: PostgresError',
  'replicate: Conclude the scan of the copy [States.ALL]': 'Give the source back > Replication failed: PostgresError',
  'migrate: Prune [States.ALL]': 'Migration failed: PostgresError',
};

/** What brings a machine to a state. */
export interface Reach {
  readonly input?: unknown;
  readonly answers?: Answers;
}

const aborts = () => failWith('CutoverAborted', 'the budget was over');
const fails = () => failWith('Blocked', 'an earlier step failed');
const finished = () => ({ outcome: 'finished', detail: 'the flip had happened', report: {} });
const over: Answers = {
  'watch-way-back': () => ({ state: 'over', due: true, until: '2026-01-16T12:00:00Z', detail: '' }),
};
const held = (remains: string): Answers => ({
  'take-over': (_, count) => {
    const row = { epoch: '5', phase: 'verified', databases: ['shop'], detail: 'held' };
    return count === 1 ? { ...row, remains } : { ...row, epoch: null, remains: 'nothing' };
  },
});

/** What has failed before the compensation is called; with it, before a human is paged. */
const BEFORE: Readonly<Record<string, readonly [Answers, Answers]>> = {
  prune: [{ 'plan-prune': fails }, { release: fails }],
  scan: [{ 'plan-scan': fails }, { release: fails }],
  replicate: [{ adopt: fails }, { release: fails }],
  cutover: [{ cutover: aborts }, { 'give-back': fails }],
  rollback: [{ cutover: aborts }, { 'give-back': fails }],
  reaper: [{}, { locate: fails }],
};

/** States that a smooth run does not come to, by machine and name. */
const REACH: Readonly<Record<string, Reach>> = {
  'prune: Preview the pruning': { input: { dryRun: true } },
  'scan: Repair': {
    answers: { 'conclude-scan': () => ({ verdict: 'repairable', detail: '', databases: [], report: { key: 'r' } }) },
  },
  'replicate: Tell that apply stands still': {
    answers: {
      watch: (_, count) => ({
        caughtUp: count > 4,
        stuck: count > 4 ? [] : ['s was disabled'],
        lagBytes: 0,
        slots: [],
      }),
    },
  },
  'cutover: Settle': { answers: { 'give-back': finished } },
  'rollback: Settle': { answers: { 'give-back': finished } },
  'cutover: Release the claim': { answers: { cutover: aborts } },
  'migrate: Release the claim': {
    answers: { watch: (_, count) => (count > 1 ? fails() : { caughtUp: true, stuck: [] }) },
  },
  'rollback: Turn the sides back': { answers: { cutover: aborts } },
  'window: Retire': { answers: over },
  'window: Tell that the window is over': { answers: over },
  'reaper: Release the source': { answers: held('release') },
  'reaper: Turn the sides back': { answers: held('turn-back') },
  'reaper: Give the target back': { answers: held('give-target-back') },
  'reaper: Free the claim': { answers: held('keep') },
  'reaper: Tell what was done': { answers: held('keep') },
  'reaper: Page a human behind the flip': { answers: { ...held('give-back'), 'give-back': finished } },
};

/** How the machine of an edge comes to its state. */
export function reaching({ machine, state }: CatchEdge): Reach {
  const [failed, compensationFailed] = BEFORE[machine] ?? [{}, {}];
  const input = machine === 'reaper' ? { ended: 'arn:aws:states:x:1:execution:m:dead' } : {};
  const answers = {
    ...(/^(Give the|Page a human$)/.test(state) && failed),
    ...(state === 'Page a human' && compensationFailed),
  };
  const reach = REACH[`${machine}: ${state}`];
  return { input: reach?.input ?? input, answers: { ...answers, ...reach?.answers } };
}
