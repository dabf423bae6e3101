/** Lets the faults of a schedule strike a run: each when its step is invoked, and each told with the moment it struck. */
import type { StepName } from '../../../lambda/contract';
import type { Chaos, Invocation } from '../lambda-runtime/chaos';
import type { Surroundings } from '../run/surroundings';
import { machineOf } from '../run/timeline';
import type { PostgresServer } from '../servers/postgres-server';
import { type Fault, inWords, type Way } from './fault';
import type { Lane } from './lane';
import { cutConnections, dropSlots, endSnapshotHolders } from './server-faults';
import type { Volume } from './volume';

/** A fault that struck, or why it did not. */
export interface Strike {
  readonly at: string;
  readonly kind: Fault['kind'];
  readonly fault: string;
  readonly struck: boolean;
  readonly result: string;
}

/** The first call of a step, as the step's function got it. */
export interface FirstCall {
  readonly functionName: string;
  readonly payload: unknown;
}

/** Where faults strike. */
export interface Place {
  readonly lane: Lane;
  /** What the target's disk is; null where there is none of its own. */
  readonly volume: Volume | null;
}

/** A fault that found nothing to strike. */
class Missed extends Error {
  override readonly name = 'Missed';
}

type ByKind = {
  readonly [K in Exclude<Fault['kind'], 'lambda' | 'aws'>]: (fault: Extract<Fault, { kind: K }>) => Promise<string>;
};

/** Faults at work on one run. */
export class Striker {
  readonly #strikes: Strike[] = [];
  readonly #firstCalls = new Map<StepName, FirstCall>();
  readonly #striking: Promise<void>[] = [];
  readonly #timers = new Set<NodeJS.Timeout>();
  #surroundings: Surroundings | null = null;
  #way: Way = 'there';
  /** Calls of each step on the present way. */
  #counts = new Map<StepName, number>();
  #left = false;

  constructor(
    private readonly faults: readonly Fault[],
    private readonly place: Place,
  ) {}

  /** What strikes needs to know of the run; before it nothing but Lambdas can fail. */
  enter(surroundings: Surroundings): void {
    this.#surroundings = surroundings;
  }

  /** The way back begins. */
  turn(): void {
    this.#way = 'back';
    this.#counts = new Map();
  }

  /** The first call of every step on the way there. */
  get firstCalls(): ReadonlyMap<StepName, FirstCall> {
    return this.#firstCalls;
  }

  /** Every fault, those that struck first, in the order in which they did. */
  strikes(): readonly Strike[] {
    const told = new Set(this.#strikes.map(({ fault }) => fault));
    const missed = this.faults.filter((fault) => !told.has(inWords(fault)));
    return [...this.#strikes, ...missed.flatMap((fault) => this.#unseen(fault))];
  }

  /** Called before every invocation; answers how it goes wrong. */
  invoked(step: StepName, { payload, functionName }: Invocation): Chaos | undefined {
    if (this.#left) return undefined;
    const count = (this.#counts.get(step) ?? 0) + 1;
    this.#counts.set(step, count);
    if (!this.#firstCalls.has(step)) this.#firstCalls.set(step, { functionName, payload });
    if (count === 1) for (const fault of this.faults) this.#arm(fault, step);
    const found = this.faults.find(
      (fault) => fault.kind === 'lambda' && fault.way === this.#way && fault.step === step && fault.count === count,
    ) as Extract<Fault, { kind: 'lambda' }> | undefined;
    if (found) this.#note(found, true, 'struck');
    return found?.chaos;
  }

  /** Waits for what is under way and lets nothing strike any more. */
  async leave(): Promise<void> {
    this.#left = true;
    for (const timer of this.#timers) clearTimeout(timer);
    await Promise.allSettled(this.#striking);
  }

  #arm(fault: Fault, step: StepName): void {
    if (!('at' in fault) || fault.at.step !== step || fault.at.way !== this.#way) return;
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      const work = (this.#works[fault.kind] as (fault: Fault) => Promise<string>)(fault).then(
        (result) => this.#note(fault, true, result),
        (error: unknown) => this.#note(fault, !(error instanceof Missed), wordsOf(error)),
      );
      this.#striking.push(work);
    }, fault.at.delayMs);
    this.#timers.add(timer);
  }

  #note(fault: Fault, struck: boolean, result: string): void {
    this.#strikes.push({ at: new Date().toISOString(), kind: fault.kind, fault: inWords(fault), struck, result });
  }

  /** Of calls to AWS the journal tells whether they were hit; nothing else happens without being noted. */
  #unseen(fault: Fault): Strike[] {
    const hits =
      fault.kind === 'aws' && this.#surroundings
        ? this.#surroundings.aws.plane
            .journal()
            .filter(
              ({ service, operation, outcome }) =>
                service === fault.injection.service &&
                operation === fault.injection.operation &&
                ['lost', 'ThrottlingException', 'ServiceUnavailable'].includes(outcome),
            )
        : [];
    const at = hits[0]?.at ?? '';
    const struck = hits.length > 0;
    const result = struck ? `${hits.length} calls` : 'its moment never came';
    return [{ at, kind: fault.kind, fault: inWords(fault), struck, result }];
  }

  readonly #works: ByKind = {
    late: async ({ step }) => {
      const call = this.#firstCalls.get(step);
      if (call === undefined) throw new Missed(`${step} was never called`);
      await this.#here.aws.lambda.invoke(call.functionName, call.payload);
      return 'answered';
    },
    restart: async ({ server }) => {
      const found = this.#server(server);
      await found.kill();
      await found.start();
      return 'recovered';
    },
    cut: async ({ server }) => {
      const found = this.#server(server);
      if (server === 'source') for (const link of this.place.lane.between('the servers')) link.cut();
      return `${await cutConnections(found)} connections`;
    },
    partition: async ({ between, forMs }) => {
      for (const link of this.place.lane.between(between)) link.hold(forMs);
      await pause(forMs);
      return 'healed';
    },
    'disk-full': async ({ forMs }) => {
      const { volume } = this.place;
      if (volume === null) throw new Missed('NOT RUN: only root of Linux may mount a volume for it');
      const target = this.#server('target');
      try {
        await volume.fill();
        await pause(forMs);
      } finally {
        await volume.grow();
      }
      // A server that could not write its WAL has ended; RDS starts it again when it has room.
      const alive = await survives(target);
      return alive ? 'has room again' : 'the server had ended and was started again';
    },
    'slot-lost': async ({ at }) => {
      const dropped = await dropSlots(this.#server(at.way === 'there' ? 'source' : 'target'));
      if (dropped === 0) throw new Missed('there were no slots');
      return `${dropped} slots`;
    },
    'holder-lost': async () => {
      const ended = await endSnapshotHolders(this.#server('source'));
      if (ended === 0) throw new Missed('no snapshot was held');
      return `${ended} snapshots`;
    },
    stop: async ({ at }) => {
      const { machines } = this.#here.aws;
      const wanted = at.way === 'there' ? 'migrate' : 'rollback';
      const running = machines
        .listExecutions()
        .find(({ executionArn, status }) => status === 'RUNNING' && machineOf(executionArn) === wanted);
      if (running === undefined) throw new Missed('nothing ran any more');
      await machines.stopExecution(running.executionArn, { error: 'Operator', cause: 'stopped by chaos' });
      return 'stopped';
    },
  };

  get #here(): Surroundings {
    if (this.#surroundings === null) throw new Missed('the run has not begun');
    return this.#surroundings;
  }

  #server(which: 'source' | 'target'): PostgresServer {
    const server = which === 'source' ? this.#here.source : this.#here.target();
    if (!server?.running) throw new Missed('there was no such server, or it did not run');
    return server;
  }
}

/** Whether the server is there and answers; starts it when it is not. */
async function survives(server: PostgresServer): Promise<boolean> {
  if (!server.running) {
    await server.start();
    return false;
  }
  try {
    await server.withAdmin('postgres', (session) => session.query('select'));
    return true;
  } catch {
    // It recovers, or is about to end.
    await pause(500);
    await server.start();
    return false;
  }
}

function wordsOf(error: unknown): string {
  if (error instanceof Missed) return error.message;
  return error instanceof Error ? `${error.name}: ${error.message}` : 'failed';
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
