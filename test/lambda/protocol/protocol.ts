/** One case: executions that call steps, each in the name of one, under an epoch that it was given. */
import type { StepName } from '../../../lambda/contract';
import type { Holding } from '../../../lambda/contract/reap';
import type { GivenBack } from '../../../lambda/cutover/give-back';
import type { Arena, Caller, Place, Sides, Stand } from './arena';
import type { Fate, GatedCall } from './gated-call';
import * as steps from './steps';

/** An execution of a machine: the epochs that it was given, the latest last. */
export interface Execution {
  readonly arn: string;
  readonly kind: 'forth' | 'back' | 'reaper';
  readonly epochs: string[];
  dead: boolean;
}

/** The steps that an execution can be told to call. */
export const STEPS = ['verify', 'cutover', 'settle', 'give back', 'undo', 'free', 'release', 'retire'] as const;

/** One of them. */
export type Step = (typeof STEPS)[number];

const LAMBDAS: Readonly<Record<Step, StepName>> = {
  verify: 'conclude-verification',
  cutover: 'cutover',
  settle: 'settle',
  'give back': 'give-back',
  undo: 'turn-round',
  free: 'claim',
  release: 'release',
  retire: 'retire',
};

const RECIPES: Readonly<Record<Step, (sides: Sides) => Promise<unknown>>> = {
  verify: steps.verify,
  cutover: steps.cutover,
  settle: steps.settle,
  'give back': steps.giveBack(true),
  undo: steps.turnRound('undo', null),
  free: steps.claim(null, 'release'),
  release: steps.release,
  retire: steps.retire,
};

/** Steps that name the servers as the migration began, whichever way it goes. */
const AS_BEGUN: readonly Step[] = ['undo', 'free', 'release', 'retire'];

/** The last thing that the reaper does. */
const LAST: Readonly<Record<Exclude<Holding['remains'], 'nothing'>, Step>> = {
  release: 'release',
  keep: 'free',
  'give-back': 'free',
  'turn-back': 'undo',
  'give-target-back': 'undo',
};

const RUNS: Fate = { kind: 'runs' };

/** Longer than a frozen call can keep a lock: then its function is over, and its connections with it. */
const ROUNDS = 6;

/** The executions of a case. */
export class Protocol {
  readonly executions: Execution[] = [];
  private constructor(readonly arena: Arena) {}

  /** Begins a case with one execution, which the target follows for. */
  static async begin(arena: Arena): Promise<Protocol> {
    const protocol = new Protocol(arena);
    const first = protocol.add('forth');
    await arena.begin(first.arn, async () => {
      await protocol.claim(first, null, RUNS);
      return epochOf(first);
    });
    return protocol;
  }

  /** Starts an execution that takes the claim, from a dead one when `takeOver` names it. */
  async start(takeOver: string | null, fate: Fate): Promise<GatedCall> {
    return this.claim(this.add('forth'), takeOver, fate);
  }

  /** Starts a way back, of a dead one when `takeOver` names it. */
  async startBack(takeOver: string | null, fate: Fate): Promise<GatedCall> {
    const execution = this.add('back');
    return this.called('turn-round', execution, fate, steps.turnRound('begin', takeOver), { back: false });
  }

  /** Calls a step for an execution, under the epoch that it was given so many before its last. */
  call(execution: Execution, step: Step, fate: Fate, before = 0): Promise<GatedCall> {
    const back = execution.kind === 'back' && !AS_BEGUN.includes(step);
    return this.called(LAMBDAS[step], execution, fate, RECIPES[step], { back, before });
  }

  /** Two calls of a cutover at once. */
  async twice(execution: Execution): Promise<GatedCall[]> {
    const back = execution.kind === 'back';
    const who = { execution: execution.arn, epoch: epochOf(execution), back };
    const twins = [1, 2].map(() => this.arena.start('cutover', who, RUNS, steps.cutover));
    for (const twin of twins) await twin.standstill();
    for (const twin of twins) this.learn(execution, twin);
    return twins;
  }

  /** What the reaper does about a dead execution; it can be lost on its way itself. */
  async reap(dead: Execution, fate: Fate): Promise<void> {
    dead.dead = true;
    const reaper = this.add('reaper');
    const rest = new Strikes(fate);
    const taken = await rest.next((next) => this.called('take-over', reaper, next, steps.takeOver(dead.arn)));
    const remains = (answerOf(taken) as Holding | null)?.remains ?? 'nothing';
    if (remains === 'nothing') return;
    if (remains === 'give-back' || remains === 'give-target-back') {
      const back = remains === 'give-target-back';
      const given = await rest.next((next) => this.called('give-back', reaper, next, steps.giveBack(false), { back }));
      if ((answerOf(given) as GivenBack | null)?.outcome !== 'given-back') return;
    }
    await rest.next((next) => this.call(reaper, LAST[remains], next));
  }

  /** Cleans up as long as somebody dead holds the migration; what is frozen has at last no connections any more. */
  async reapAll(): Promise<void> {
    for (const execution of this.executions) execution.dead = true;
    for (let round = 0; round < ROUNDS; round += 1) {
      const holder = await this.holder();
      if (holder === null) return;
      await this.reap(holder, RUNS);
      if ((await this.holder()) === null) return;
      for (const frozen of this.arena.frozen()) await (round < 2 ? frozen.expire() : frozen.die());
    }
    throw new Error(`the migration is held after ${ROUNDS} rounds: ${JSON.stringify(await this.stands())}`);
  }

  /** Executions that call steps one by one; a reaper's are called by `reap`. */
  callers(): Execution[] {
    return this.executions.filter(({ kind }) => kind !== 'reaper');
  }

  /** Both ledgers. */
  async stands(): Promise<Readonly<Record<Place, Stand | null>>> {
    const [source, target] = await Promise.all([this.arena.stand('source'), this.arena.stand('target')]);
    return { source, target };
  }

  /** Who holds what is not over; null when nobody does. */
  async holder(): Promise<Execution | null> {
    const { source, target } = await this.stands();
    const over = (row: Stand | null) => row === null || ['live', 'rolled-back', 'retired'].includes(row.phase);
    if (over(source) && over(target) && source?.turned === target?.turned) return null;
    const arn = target?.turned === true || source?.turned === true ? target?.execution : source?.execution;
    return this.executions.find((execution) => execution.arn === arn) ?? null;
  }

  private add(kind: Execution['kind']): Execution {
    const execution: Execution = { arn: `arn:${kind}-${this.executions.length + 1}`, kind, epochs: [], dead: false };
    this.executions.push(execution);
    return execution;
  }

  private claim(execution: Execution, takeOver: string | null, fate: Fate): Promise<GatedCall> {
    return this.called('claim', execution, fate, steps.claim(takeOver));
  }

  private async called(
    step: StepName,
    execution: Execution,
    fate: Fate,
    work: (sides: Sides) => Promise<unknown>,
    { back = false, before = 0 } = {},
  ): Promise<GatedCall> {
    const who: Caller = { execution: execution.arn, epoch: epochOf(execution, before), back };
    const call = await this.arena.call(step, who, fate, work);
    this.learn(execution, call);
    return call;
  }

  /** A machine keeps the epoch that a step answers; `0`, told to whoever frees a claim, is none. */
  private learn(execution: Execution, call: GatedCall): void {
    const epoch = (answerOf(call) as { epoch?: unknown } | null)?.epoch;
    if (typeof epoch === 'string' && epoch !== '0' && epochOf(execution) !== epoch) execution.epochs.push(epoch);
  }
}

/** The epoch that an execution was given so many before its last; `0` before it was given one. */
export function epochOf({ epochs }: Execution, before = 0): string {
  return epochs.at(Math.max(-epochs.length, -1 - before)) ?? '0';
}

/** What a call answered; null when it did not. */
export function answerOf({ state, outcome }: GatedCall): unknown {
  return state === 'ended' && outcome !== null && 'value' in outcome ? (outcome.value ?? null) : null;
}

/** One fate over a chain of calls: what the first did not come to, the next one does; behind a death nothing comes. */
class Strikes {
  constructor(private fate: Fate) {}

  async next(call: (fate: Fate) => Promise<GatedCall>): Promise<GatedCall> {
    const made = await call(this.fate);
    const { fate } = this;
    if (fate.kind !== 'runs') this.fate = fate.at > made.statements ? { ...fate, at: fate.at - made.statements } : RUNS;
    return made;
  }
}
