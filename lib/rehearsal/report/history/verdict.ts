/** How a run ended, from its histories alone. */
import { ERRORS } from '../../../../lambda/contract';
import type { ExecutionFacts } from './execution-facts';
import type { MigrationFacts } from './migration-facts';
import { member } from './told';

/**
 * `succeeded`: everything asked for happened. `aborted`: it did not, and the source is as it was. `human`: a human has to look,
 * because nobody undid it, or because these histories cannot tell. `running`: the execution has no end yet.
 */
export type VerdictKind = 'succeeded' | 'aborted' | 'human' | 'running';

/** A verdict in words. */
export interface Verdict {
  readonly kind: VerdictKind;
  /** One line. */
  readonly title: string;
  /** What to do; null when nothing. */
  readonly remedy: string | null;
}

const LIVE = 'Live: the applications write on the target';

/** Decides; errors are told apart by their names only. */
export function verdictOf(facts: MigrationFacts): Verdict {
  const { root } = facts;
  if (root.status === 'RUNNING') return { kind: 'running', title: runningTitle(facts), remedy: null };
  if (root.status === 'SUCCEEDED') return { kind: 'succeeded', title: succeededTitle(facts), remedy: null };
  if (errorOf(facts) === ERRORS.pastTheFlip || facts.executions.some(paged)) return needsHuman(facts);
  return changedNothing(facts) ?? givenBack(facts) ?? beforeTheCutover(facts) ?? unknown(facts);
}

const AGAIN = 'see the cause, then start Cutover again: replication goes on';

function givenBack(facts: MigrationFacts): Verdict | null {
  const back = facts.givenBack?.outcome;
  // The name is given only after the source was given back; nothing else ends with it.
  if (back === 'given-back' || (back === undefined && errorOf(facts) === ERRORS.cutoverAborted)) {
    const title = 'Aborted: the source was given back and is writable as before';
    return { kind: 'aborted', title, remedy: AGAIN };
  }
  if (back !== 'released') return null;
  const remedy = 'see the cause, delete what the runbook names under starting over, then start again';
  return { kind: 'aborted', title: 'Aborted: everything was taken off the source', remedy };
}

/** Migrate failed between its phases: what ran has succeeded, and no cutover was begun. */
function beforeTheCutover({ root }: MigrationFacts): Verdict | null {
  const { machine, status, children } = root;
  const whole = children.length > 0 && children.every((child) => child.status === 'SUCCEEDED');
  if (machine !== 'migrate' || status !== 'FAILED' || !whole || children.some((child) => child.machine === 'cutover')) {
    return null;
  }
  return { kind: 'aborted', title: 'Ended before the cutover: the source is writable as before', remedy: AGAIN };
}

function runningTitle({ root }: MigrationFacts): string {
  const at = root.spans.filter(({ to }) => to === null).at(-1)?.name;
  return at === undefined ? 'Running' : `Running: ${at}`;
}

function succeededTitle({ root, verification }: MigrationFacts): string {
  const outcome = member(root.output, 'outcome');
  const equal = verification?.verdict === 'equal' ? ', every row compared' : '';
  if (root.machine === 'cutover' || outcome === 'live') return `${LIVE}${equal}`;
  if (root.machine === 'assess' || outcome === 'assessed') return 'Assessed: the source is ready, nothing was changed';
  if (root.machine === 'prune' || outcome === 'pruned') return prunedTitle(outcome);
  if (root.machine === 'scan' || outcome === 'scanned') return scannedTitle(root);
  if (root.machine === 'replicate' || outcome === 'replicating') return `Replicating: source and target are equal`;
  return root.machine === 'migrate' && root.entered.has('Live') ? `${LIVE}${equal}` : 'Succeeded';
}

function prunedTitle(outcome: unknown): string {
  if (outcome === 'previewed') return 'Previewed: nothing was changed';
  return outcome === 'skipped'
    ? 'Too late to prune: the target follows already'
    : 'Pruned: what was old is gone from the source';
}

function scannedTitle({ machine, output }: ExecutionFacts): string {
  const repaired = member(output, ...(machine === 'scan' ? ['outcome'] : ['scan', 'outcome'])) === 'repaired';
  return repaired ? 'Scanned: what was damaged is in quarantine' : 'Scanned: every row of the source can be read';
}

/** The name by which the run failed; a child's own where the root was stopped. */
function errorOf(facts: MigrationFacts): string | null {
  return facts.root.error ?? failedExecution(facts)?.error ?? null;
}

function failedExecution({ executions }: MigrationFacts): ExecutionFacts | undefined {
  return executions.slice(1).find(({ status }) => status !== 'SUCCEEDED' && status !== 'RUNNING');
}

function paged({ entered }: ExecutionFacts): boolean {
  return entered.has('Page a human') || entered.has('Needs a human');
}

function needsHuman(facts: MigrationFacts): Verdict {
  const past = errorOf(facts) === ERRORS.pastTheFlip;
  return {
    kind: 'human',
    title: past ? 'A human is needed: it failed behind the flip' : 'A human is needed: giving the source back failed',
    remedy: past
      ? 'the target is live: complete the way forward by the runbook, section PastTheFlip; never back'
      : 'look at both ledgers, then start the same machine again with takeOver, as the runbook says',
  };
}

/** Everything that ran only looked; a claim that was refused changed nothing either. */
function changedNothing(facts: MigrationFacts): Verdict | null {
  const { root, executions, missing } = facts;
  const steps = executions.flatMap(({ answers }) => answers);
  const looked = steps.every(
    ({ step, failure }) =>
      step === 'inspect' || step === 'assess' || (step === 'claim' && failure?.error === ERRORS.blocked),
  );
  const unseen = missing.some(({ machine }) => machine !== 'assess');
  if (!looked || unseen) return null;
  if (root.status !== 'FAILED') {
    const busy = executions.some(({ spans }) => spans.some(({ name }) => name === 'Claim the migration'));
    return busy ? null : { kind: 'aborted', title: 'Stopped: nothing was changed', remedy: 'start it again' };
  }
  const how = errorOf(facts) === ERRORS.blocked ? 'Blocked' : 'Failed';
  return { kind: 'aborted', title: `${how}: nothing was changed`, remedy: 'follow the remedies, then start it again' };
}

function unknown(facts: MigrationFacts): Verdict {
  const { root, missing, givenBack } = facts;
  const failed = errorOf(facts);
  const stopped = root.status === 'ABORTED' || root.status === 'TIMED_OUT';
  const succeeded = new Set(root.children.filter(({ status }) => status === 'SUCCEEDED').map(({ arn }) => arn));
  const arns = missing.filter(({ machine, arn }) => machine !== 'assess' && !succeeded.has(arn)).map(({ arn }) => arn);
  const why = givenBack?.outcome === 'refused' ? givenBack.detail : null;
  const title = stopped
    ? 'A human is needed: it was stopped, and nothing gave the source back'
    : `A human is needed: it failed${failed === null ? '' : ` with ${failed}`}`;
  const remedy =
    arns.length > 0
      ? `whether the source was given back is in the history of ${arns.join(' and ')}: give it too, with another --history`
      : (why ?? 'start the same machine again with takeOver: it finishes or gives back, as the runbook says');
  return { kind: 'human', title, remedy };
}
