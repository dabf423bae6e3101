/**
 * Calls of steps whose statements can be stopped one by one: a call is lost with its process, loses its connections and goes on,
 * or stands still like a frozen function until it is woken, at a chosen statement. What a call is, is known from the asynchronous
 * context in which the driver is used, so that the product's code needs no door for it.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { Client, Query } from 'pg';

/** What happens to a call at its statement number `at`. */
export type Fate =
  | { readonly kind: 'runs' }
  | { readonly kind: 'dies' | 'is cut'; readonly at: number; readonly when: 'before' | 'after' }
  | { readonly kind: 'freezes'; readonly at: number };

/** Ends the backends of these processes on the server with this port, and waits until they are gone. */
export type EndBackends = (port: number, processes: readonly number[]) => Promise<void>;

/** How a call stands when nothing of it moves any more. */
export type CallState = 'ended' | 'dead' | 'frozen';

const context = new AsyncLocalStorage<GatedCall>();

/** Statements that only look: nothing can be between them that another call could see. */
const LOOKS = /^\s*(select(?!.*(for update|for share|pg_|set_config))|show)/is;

/** What a dead process waits for; made anew each time, so that whoever waits can be forgotten. */
function never(): Promise<never> {
  return new Promise(() => undefined);
}

/** One invocation of a step. */
export class GatedCall {
  /** Statements so far that did more than look. */
  statements = 0;
  /** What it came to, once it ended. */
  outcome: { readonly value: unknown } | { readonly error: unknown } | null = null;
  state: CallState | 'running' = 'running';
  private readonly clients = new Set<Client>();
  private readonly settled: Promise<void>;
  private pause: Promise<void> | null = null;
  private wakeUp: () => void = () => undefined;
  private stand: () => void = () => undefined;

  constructor(
    readonly name: string,
    private fate: Fate,
    private readonly endBackends: EndBackends,
    work: () => Promise<unknown>,
  ) {
    this.settled = context.run(this, work).then(
      (value) => this.end({ value }),
      (error: unknown) => this.end({ error }),
    );
  }

  /** Waits until the call has ended, died or frozen. */
  async standstill(): Promise<CallState> {
    const stopped = new Promise<void>((resolve) => {
      this.stand = resolve;
    });
    if (this.state === 'running') await Promise.race([this.settled, stopped]);
    return this.state === 'running' ? 'ended' : this.state;
  }

  /** Lets a frozen call go on to its end. */
  async wake(): Promise<void> {
    if (this.state !== 'frozen') return;
    this.fate = { kind: 'runs' };
    this.state = 'running';
    this.pause = null;
    this.wakeUp();
    await this.settled;
  }

  /** Ends its process: nothing that it would still do happens. */
  async die(): Promise<void> {
    if (this.state === 'ended' || this.state === 'dead') return;
    this.state = 'dead';
    await this.cutConnections();
    this.stand();
  }

  /** Ends the connections that lie idle within a transaction, as the server does after a minute. */
  async expire(): Promise<void> {
    if (this.state === 'frozen') await this.cutConnections();
  }

  /** Runs a statement of the call as its fate has it. */
  async run<T>(text: string, send: () => Promise<T>): Promise<T> {
    await this.gate();
    if (LOOKS.test(text)) return this.unlessDead(send());
    this.statements += 1;
    const struck = this.fate.kind !== 'runs' && this.fate.at === this.statements ? this.fate : null;
    if (struck?.kind === 'freezes') {
      this.freeze();
      await this.gate();
    } else if (struck?.when === 'before') await this.strike(struck.kind);
    const answer = await this.unlessDead(send());
    if (struck !== null && struck.kind !== 'freezes' && struck.when === 'after') await this.strike(struck.kind);
    return answer;
  }

  /** Opens a connection of the call. */
  async open(client: Client, connect: () => Promise<void>): Promise<void> {
    await this.gate();
    await this.unlessDead(connect());
    this.clients.add(client);
    client.once('end', () => this.clients.delete(client));
  }

  private async strike(kind: 'dies' | 'is cut'): Promise<void> {
    if (kind === 'dies') {
      await this.die();
      return never();
    }
    await this.cutConnections();
    // As the driver says it of a connection that was cut.
    throw new Error('Connection terminated unexpectedly');
  }

  private async gate(): Promise<void> {
    if (this.state === 'dead') return never();
    if (this.pause !== null) await this.pause;
  }

  private async unlessDead<T>(work: Promise<T>): Promise<T> {
    try {
      const answer = await work;
      return this.state === 'dead' ? await never() : answer;
    } catch (error) {
      if (this.state === 'dead') return never();
      throw error;
    }
  }

  private freeze(): void {
    this.state = 'frozen';
    this.pause = new Promise((resolve) => {
      this.wakeUp = resolve;
    });
    this.stand();
  }

  private end(outcome: NonNullable<GatedCall['outcome']>): void {
    this.outcome = outcome;
    if (this.state !== 'dead') this.state = 'ended';
    this.stand();
  }

  private async cutConnections(): Promise<void> {
    const processes = new Map<number, number[]>();
    for (const client of this.clients) {
      const { port, processID } = client as Client & { readonly processID: number };
      processes.set(port, [...(processes.get(port) ?? []), processID]);
    }
    this.clients.clear();
    await context.exit(() => Promise.all([...processes].map(([port, ids]) => this.endBackends(port, ids))));
  }
}

/** Makes the driver ask the call it is used by before every statement and connection; returns what takes that away. */
export function gateTheDriver(): () => void {
  const { query, connect } = Client.prototype;
  Object.assign(Client.prototype, {
    query(this: Client, config: unknown, ...rest: unknown[]) {
      const call = context.getStore();
      const send = () => Reflect.apply(query, this, [config, ...rest]);
      const text = typeof config === 'string' ? config : (config as { text?: unknown }).text;
      // A query object with a callback of its own answers by that.
      if (call === undefined || typeof text !== 'string' || config instanceof Query) return send();
      return call.run(text, send);
    },
    connect(this: Client, ...args: unknown[]) {
      const call = context.getStore();
      const open = () => Reflect.apply(connect, this, args);
      return call === undefined || args.length > 0 ? open() : call.open(this, open);
    },
  });
  return () => {
    Object.assign(Client.prototype, { query, connect });
  };
}
