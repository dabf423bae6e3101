/** Lets the faults of a schedule strike a run: each when its step is invoked, and each told with the moment it struck. */
import type { StepName } from '../../../lambda/contract';
import type { Chaos, Invocation } from '../lambda-runtime/chaos';
import type { Surroundings } from '../run/options';
import type { PostgresServer } from '../servers/postgres-server';
import { type Fault, inWords, type Moment } from './fault';
import type { Link } from './link';

/** A fault that struck, or why it did not. */
export interface Strike {
  readonly at: string;
  readonly fault: string;
  readonly result: string;
}

/** The name of our slots begins so (docs/architecture.md). */
const OUR_SLOTS = 'sealift\\_%';

type ByKind = { readonly [K in Fault['kind']]: (fault: Extract<Fault, { kind: K }>) => Promise<string> };

/** Faults at work on one run. */
export class Striker {
  readonly strikes: Strike[] = [];
  #surroundings: Surroundings | null = null;
  readonly #events = new Map<StepName, unknown>();
  readonly #functions = new Map<StepName, string>();
  readonly #invoked = new Set<StepName>();
  readonly #striking: Promise<void>[] = [];
  readonly #timers = new Set<NodeJS.Timeout>();

  constructor(
    private readonly faults: readonly Fault[],
    private readonly link: () => Link | null,
  ) {}

  /** What strikes needs to know of the run; before it nothing but Lambdas can fail. */
  enter(surroundings: Surroundings): void {
    this.#surroundings = surroundings;
  }

  /** Called before every invocation; answers how it goes wrong. */
  invoked(step: StepName, { count, payload, functionName }: Invocation): Chaos | undefined {
    if (!this.#events.has(step)) this.#events.set(step, payload);
    this.#functions.set(step, functionName);
    if (!this.#invoked.has(step)) {
      this.#invoked.add(step);
      for (const fault of this.faults) this.#arm(fault, step);
    }
    const found = this.faults.find(
      (fault) => fault.kind === 'lambda' && fault.step === step && fault.count === count,
    ) as Extract<Fault, { kind: 'lambda' }> | undefined;
    if (found) this.#note(found, 'struck');
    return found?.chaos;
  }

  /** Waits for what is under way and lets nothing strike any more. */
  async leave(): Promise<void> {
    for (const timer of this.#timers) clearTimeout(timer);
    await Promise.allSettled(this.#striking);
  }

  #arm(fault: Fault, step: StepName): void {
    if (!('at' in fault) || fault.at.step !== step) return;
    const { delayMs }: Moment = fault.at;
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      const work = (this.#works[fault.kind] as (fault: Fault) => Promise<string>)(fault).then(
        (result) => this.#note(fault, result),
        (error: unknown) => this.#note(fault, error instanceof Error ? `${error.name}: ${error.message}` : 'failed'),
      );
      this.#striking.push(work);
    }, delayMs);
    this.#timers.add(timer);
  }

  #note(fault: Fault, result: string): void {
    this.strikes.push({ at: new Date().toISOString(), fault: inWords(fault), result });
  }

  readonly #works: ByKind = {
    lambda: async () => 'struck',
    aws: async () => 'struck',
    late: async ({ step }) => {
      const name = this.#functions.get(step);
      if (name === undefined) return `${step} was never called`;
      await this.#here.aws.lambda.invoke(name, this.#events.get(step));
      return 'answered';
    },
    restart: async ({ server }) => {
      const found = this.#server(server);
      if (found === null) return 'there was no such server yet';
      await found.kill();
      await found.start();
      return 'recovered';
    },
    cut: async ({ server }) => {
      const found = this.#server(server);
      if (found === null) return 'there was no such server yet';
      if (server === 'source') this.link()?.cut();
      return `${await cutConnections(found)} connections`;
    },
    partition: async ({ forMs }) => {
      const link = this.link();
      if (link === null) return 'there was no link yet';
      link.hold(forMs);
      await new Promise((resolve) => setTimeout(resolve, forMs));
      return 'healed';
    },
    'slot-lost': async () => `${await dropSlots(this.#here.source)} slots`,
    stop: async () => {
      const { machines } = this.#here.aws;
      const [first] = machines.listExecutions();
      if (first === undefined) return 'nothing ran';
      await machines.stopExecution(first.executionArn, { error: 'Operator', cause: 'stopped by chaos' });
      return 'stopped';
    },
  };

  get #here(): Surroundings {
    if (this.#surroundings === null) throw new Error('the run has not begun');
    return this.#surroundings;
  }

  #server(which: 'source' | 'target'): PostgresServer | null {
    const server = which === 'source' ? this.#here.source : this.#here.target();
    return server?.running ? server : null;
  }
}

async function cutConnections(server: PostgresServer): Promise<number> {
  return server.withAdmin('postgres', async (session) => {
    const { rows } = await session.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()`,
    );
    return rows.length;
  });
}

/** A slot that is read cannot be dropped, and its reader comes back: so both are tried until it is gone. */
async function dropSlots(server: PostgresServer): Promise<number> {
  return server.withAdmin('postgres', async (session) => {
    const { rows } = await session.query<{ name: string }>(
      `select slot_name as name from pg_replication_slots where slot_name like '${OUR_SLOTS}'`,
    );
    for (const { name } of rows) {
      for (let attempt = 0; attempt < 50; attempt += 1) {
        await session.query(
          'select pg_terminate_backend(active_pid) from pg_replication_slots where slot_name = $1 and active',
          [name],
        );
        const dropped = await session.query('select pg_drop_replication_slot($1)', [name]).then(
          () => true,
          () => false,
        );
        if (dropped) break;
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    }
    return rows.length;
  });
}
