/** How long an outage will take until the flip: pure, from what was measured right before it. */
import type { OutagePrediction } from '../contract/cutover';

/** What was looked at and measured. */
export interface Outlook {
  /** Sessions that the fence will end. */
  readonly sessions: number;
  /** Login roles. */
  readonly roles: number;
  /** One statement there and back. */
  readonly roundTripMs: number;
  /** The parts of a dry run. */
  readonly barrierMs: number;
  readonly sequencesMs: number;
  readonly gateMs: number;
  /** Worst lag of a slot when it began. */
  readonly lagBytes: number;
  readonly sequences: number;
  /** Keys that were compared, a whole table counting as one. */
  readonly keys: number;
  /** Tables in which something changed. */
  readonly tables: number;
  /** Objects that are compared; 0 when they are not. */
  readonly largeObjects: number;
}

/** Statements of the fence for every role: its record and its change. */
const STATEMENTS_PER_ROLE = 2;

/** Begin, lock, epoch, commit; three quiet looks; look for prepared transactions; phase. */
const STATEMENTS_OF_THE_FENCE = 12;

/** Three looks, 5 ms apart. */
const LOOKS_MS = 15;

/** What ending one more session adds, as rehearsals showed. */
const MS_PER_SESSION = 0.5;

/** The last look for sessions, prepared transactions, the end of the WAL, and the flip. */
const STATEMENTS_BEHIND_THE_GATE = 8;

/** Predicts the parts and their sum; how long clients take to find the target is not in it. */
export function predictionOf(outlook: Outlook): OutagePrediction {
  const { sessions, roles, roundTripMs } = outlook;
  const statements = STATEMENTS_OF_THE_FENCE + roles * STATEMENTS_PER_ROLE;
  const fence = Math.ceil(statements * roundTripMs + LOOKS_MS + sessions * MS_PER_SESSION);
  const barrier = Math.ceil(outlook.barrierMs);
  const sequences = Math.ceil(outlook.sequencesMs);
  const gate = Math.ceil(outlook.gateMs + STATEMENTS_BEHIND_THE_GATE * roundTripMs);
  return { totalMs: fence + barrier + sequences + gate, fence, barrier, sequences, gate, basis: basisOf(outlook) };
}

function basisOf(outlook: Outlook): string {
  const { sessions, roles, lagBytes, sequences, keys, tables } = outlook;
  return (
    `barrier, sequences and comparison as measured right before the fence under live writes; fence from ${roles} roles, ` +
    `${sessions} sessions and ${outlook.roundTripMs.toFixed(1)} ms per statement; ${lagBytes} bytes behind, ` +
    `${sequences} sequences, ${keys} changed keys in ${tables} tables, ${outlook.largeObjects} large objects; the switch is not in it`
  );
}

type Part = 'fence' | 'barrier' | 'sequences' | 'gate';

const REMEDIES: Readonly<Record<Part, string>> = {
  fence: 'let the applications keep fewer sessions',
  barrier: 'wait until the target is less behind, or look for what slows its apply down',
  sequences: 'look at the load of both servers',
  gate: 'cut over at a quieter time, and give large tables that change a primary key',
};

/** Why an outage that is predicted to exceed `budgetMs` is not begun; null when it fits. */
export function excessOf(prediction: OutagePrediction, budgetMs: number): string | null {
  if (prediction.totalMs <= budgetMs) return null;
  const parts: readonly Part[] = ['fence', 'barrier', 'sequences', 'gate'];
  const longest = parts.reduce((a, b) => (prediction[b] > prediction[a] ? b : a));
  return (
    `the outage is predicted to take ${prediction.totalMs} ms until the flip and the budget is ${budgetMs} ms, most of it ` +
    `${longest} ${prediction[longest]} ms (${prediction.basis}): ${REMEDIES[longest]}, or raise policy.cutoverBudgetSeconds`
  );
}
