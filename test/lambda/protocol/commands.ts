/** What can happen to a migration, as commands for fast-check, and what must hold after each of them. */
import fc from 'fast-check';
import type { Place, Stand } from './arena';
import type { Fate, GatedCall } from './gated-call';
import { type Execution, epochOf, type Protocol, STEPS, type Step } from './protocol';

/** What is known of a case. */
export interface Model {
  /** Where the applications last could write. */
  live: Place;
  /** The latest epoch seen in each ledger. */
  readonly epochs: Record<Place, bigint>;
}

/** The model of a case that begins. */
export function initial(): Model {
  return { live: 'source', epochs: { source: 0n, target: 0n } };
}

/** What a command does. */
type Action =
  | { readonly does: 'advance'; readonly fate: Fate }
  | { readonly does: Step; readonly by: number; readonly before: number; readonly fate: Fate }
  | { readonly does: 'cutover twice'; readonly by: number }
  | { readonly does: 'start' | 'start back'; readonly fate: Fate }
  | { readonly does: 'reap'; readonly by: number; readonly fate: Fate }
  | { readonly does: 'wake' | 'kill'; readonly by: number };

const PLACES: readonly Place[] = ['source', 'target'];

/** A call whose epoch the ledgers have left behind by more than its own cutover may change nothing. */
const GUARDED: readonly string[] = ['verify', 'cutover', 'give back', 'undo', 'release'];

/** Fails when both sides take writes, when a side became live that did not flip, or flipped twice, or an epoch went back. */
export async function judge(model: Model, { arena }: Protocol): Promise<Record<Place, boolean>> {
  const [source, target] = await Promise.all([arena.writable('source'), arena.writable('target')]);
  const flips = { source: await arena.flips('source'), target: await arena.flips('target') };
  if (source && target) throw new Error('both sides take writes of applications');
  for (const place of PLACES) if (flips[place] > 1) throw new Error(`the ${place} was made live ${flips[place]} times`);
  if (flips.source > flips.target) throw new Error('the applications returned before they had left');
  const live: Place = flips.target > flips.source ? 'target' : 'source';
  if ((source && live === 'target') || (target && live === 'source')) {
    throw new Error(`applications write on the ${source ? 'source' : 'target'}, which is not live: the ${live} is`);
  }
  model.live = live;
  for (const place of PLACES) {
    const row = await arena.stand(place);
    if (row === null) continue;
    if (BigInt(row.epoch) < model.epochs[place]) throw new Error(`the epoch of the ${place} went back`);
    model.epochs[place] = BigInt(row.epoch);
  }
  return { source, target };
}

/** Fails unless applications can write on the live side, and log in there exactly as before the migration. */
export async function judgeAtRest(model: Model, protocol: Protocol): Promise<void> {
  const { arena } = protocol;
  const writable = await judge(model, protocol);
  if (!writable[model.live]) {
    throw new Error(`nobody takes writes, stranded: ${JSON.stringify(await protocol.stands())}`);
  }
  const logins = await arena.prior(model.live);
  if (logins !== arena.priorLogins) throw new Error(`logins of the ${model.live} are not as before: ${logins}`);
}

/** One command. */
export class Happening implements fc.AsyncCommand<Model, Protocol> {
  private came = '';

  constructor(private readonly action: Action) {}

  check(): boolean {
    return true;
  }

  async run(model: Model, protocol: Protocol): Promise<void> {
    this.came = await act(this.action, protocol);
    await judge(model, protocol);
  }

  toString(): string {
    const { does, ...rest } = this.action;
    const words = Object.entries(rest).map(([name, value]) => `${name} ${JSON.stringify(value)}`);
    return `${[does, ...words].join(' ')}${this.came === '' ? '' : ` -> ${this.came}`}`;
  }
}

async function act(action: Action, protocol: Protocol): Promise<string> {
  switch (action.does) {
    case 'advance':
      return advance(protocol, action.fate);
    case 'start':
      return came(await protocol.start(await deadHolder(protocol), action.fate));
    case 'start back':
      return came(await protocol.startBack(await deadHolder(protocol), action.fate));
    case 'reap':
      await protocol.reap(chosen(protocol.executions, action.by), action.fate);
      return JSON.stringify(await protocol.stands());
    case 'wake':
    case 'kill': {
      const frozen = protocol.arena.frozen();
      if (frozen.length === 0) return 'nothing is frozen';
      const call = chosen(frozen, action.by);
      await (action.does === 'wake' ? call.wake() : call.die());
      return came(call);
    }
    case 'cutover twice':
      return (await protocol.twice(chosen(protocol.callers(), action.by))).map(came).join(', ');
    default:
      return step(protocol, action.does, action);
  }
}

/** Calls one step for one execution, and sees that a call that comes too late changes nothing. */
async function step(
  protocol: Protocol,
  does: Step,
  { by, before, fate }: { readonly by: number; readonly before: number; readonly fate: Fate },
): Promise<string> {
  const execution = chosen(protocol.callers(), by);
  const stands = await protocol.stands();
  const call = await protocol.call(execution, does, fate, before);
  const late = isLate(execution, before, Object.values(stands));
  if (late && GUARDED.includes(does)) {
    const after = await protocol.stands();
    if (JSON.stringify(after) !== JSON.stringify(stands)) {
      throw new Error(`${does} of ${execution.arn} came too late and changed ${JSON.stringify({ stands, after })}`);
    }
  }
  return came(call);
}

function isLate(execution: Execution, before: number, rows: readonly (Stand | null)[]): boolean {
  const epoch = BigInt(epochOf(execution, before)) + 1n;
  return rows.every((row) => row !== null && BigInt(row.epoch) > epoch && row.execution !== execution.arn);
}

/** Does what the machines would do next; without anything in its way it must succeed. */
export async function advance(protocol: Protocol, fate: Fate): Promise<string> {
  const calm = fate.kind === 'runs' && protocol.arena.frozen().length === 0;
  const { source, target } = await protocol.stands();
  if (source === null || target === null || source.phase === 'aborted' || target.phase === 'aborted') return 'released';
  const next = nextStep(source, target);
  if (next === null) return 'over';
  const call = await take(protocol, next, fate, { source, target });
  if (calm && call !== null && call.outcome !== null && 'error' in call.outcome) {
    throw new Error(`${next} failed although nothing was in its way`, { cause: call.outcome.error });
  }
  return `${next}: ${call === null ? 'reaped' : came(call)}`;
}

/** The holder goes on; of a dead one the next takes over, or the reaper, who alone may behind a fence. Null for the reaper. */
async function take(
  protocol: Protocol,
  next: Step | 'start back',
  fate: Fate,
  { source, target }: Record<Place, Stand>,
): Promise<GatedCall | null> {
  if (next === 'start back') return protocol.startBack(null, fate);
  // Whoever retires holds nothing.
  if (next === 'retire') return protocol.call(chosen(protocol.callers(), 0), next, fate);
  const { turned } = target;
  const row = turned ? target : source;
  const holder = protocol.executions.find(({ arn }) => arn === row.execution);
  const own = holder !== undefined && !holder.dead && holder.kind === (turned ? 'back' : 'forth');
  const fenced = next === 'give back' || next === 'settle';
  if (own && (fenced || holder.epochs.includes(row.epoch))) return protocol.call(holder, next, fate);
  if (holder !== undefined) holder.dead = true;
  if (holder !== undefined && (fenced || holder.kind === 'reaper')) {
    await protocol.reap(holder, fate);
    return null;
  }
  return turned ? protocol.startBack(row.execution, fate) : protocol.start(row.execution || null, fate);
}

function nextStep(source: Stand, target: Stand): Step | 'start back' | null {
  const [from, to] = target.turned ? [target, source] : [source, target];
  if (to.phase === 'rolled-back' && from.phase === 'rolled-back') return null;
  if (target.phase === 'retired' || source.phase === 'retired') return 'retire';
  if (to.side === 'target' && ['flipped', 'rolled-back'].includes(to.phase)) return 'settle';
  if (!target.turned && target.phase === 'live') return source.phase === 'live' ? 'start back' : 'settle';
  if (from.phase === 'fencing' || from.phase === 'fenced') return 'give back';
  return from.phase === 'verified' ? 'cutover' : 'verify';
}

/** Whoever holds the migration and is dead; an operator names no other. */
async function deadHolder(protocol: Protocol): Promise<string | null> {
  const holder = await protocol.holder();
  return holder?.dead === true ? holder.arn : null;
}

function came({ name, state, statements, outcome }: GatedCall): string {
  if (state !== 'ended' || outcome === null) return `${name} ${state} at ${statements}`;
  if ('value' in outcome) return `${name} answered`;
  const { name: error, message } = outcome.error as Error;
  return `${name} failed: ${error} ${message.slice(0, 160)}`;
}

function chosen<T>(from: readonly T[], by: number): T {
  const found = from.at(-1 - (by % from.length));
  if (found === undefined) throw new Error('there is nothing to choose from');
  return found;
}

/** Statements in which a step can be struck; the longest has about a hundred. */
const at = fc.oneof({ weight: 3, arbitrary: fc.integer({ min: 1, max: 40 }) }, fc.integer({ min: 30, max: 110 }));
const when = fc.constantFrom('before' as const, 'after' as const);
const strikes: fc.Arbitrary<Fate> = fc.oneof(
  fc.record({ kind: fc.constantFrom('dies' as const, 'is cut' as const), at, when }),
  fc.record({ kind: fc.constant('freezes' as const), at }),
);
const runs = fc.constant<Fate>({ kind: 'runs' });
const fate = fc.oneof(runs, strikes);
/** Ends of a case, and what nobody does before. */
const RARE: readonly Step[] = ['release', 'retire', 'undo', 'settle'];
/** The last ones are the likely ones. */
const by = fc.oneof({ weight: 3, arbitrary: fc.constantFrom(0, 1) }, fc.nat(8));
const before = fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.integer({ min: 1, max: 2 }));
const of = (does: Action['does'], rest: Record<string, fc.Arbitrary<unknown>>) =>
  fc.record({ does: fc.constant(does), ...rest }) as fc.Arbitrary<Action>;

/** How often something happens, beside the others. */
const OFTEN: readonly [number, fc.Arbitrary<Action>][] = [
  [8, of('advance', { fate: runs })],
  [8, of('advance', { fate: strikes })],
  ...STEPS.map((does): [number, fc.Arbitrary<Action>] => [RARE.includes(does) ? 1 : 2, of(does, { by, before, fate })]),
  [2, of('cutover twice', { by })],
  [1, of('start', { fate })],
  [1, of('start back', { fate })],
  [3, of('reap', { by, fate })],
  [3, of('wake', { by })],
  [1, of('kill', { by })],
];

/** Commands that mostly go on, and are often struck. */
export const happenings = fc.commands<Model, Protocol, false>(
  OFTEN.flatMap(([often, action]) => Array.from({ length: often }, () => action.map((each) => new Happening(each)))),
  { maxCommands: 16, size: 'max' },
);

/** So many steps go well before anything happens: a whole way there and back has eight. */
export const calmSteps = fc.nat(6);
