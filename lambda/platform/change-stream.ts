/**
 * A walsender connection that streams one slot of the source. Whoever follows it acknowledges only what it has kept: after a
 * kill the slot hands out the rest again. Message formats: PostgreSQL manual, "Streaming Replication Protocol".
 */
import type { Socket } from 'node:net';
import { Client, type ClientConfig } from 'pg';
import { translate } from './postgres-error';
import { ident, literal } from './quote';

/** Microseconds from the Unix epoch to 2000-01-01, PostgreSQL's zero. */
const POSTGRES_EPOCH_US = 946_684_800_000_000n;

const XLOG_DATA = 0x77;
const KEEPALIVE = 0x6b;
const COMMIT = 0x43;

/** How often the server is asked for its position while somebody waits for it. */
const ASK_MS = 20;

/** What the driver keeps to itself of its connection; typed here because `@types/pg` leaves it out. */
interface WireConnection {
  on(event: 'copyData', listener: (message: { chunk: Buffer }) => void): void;
  once(event: 'replicationStart', listener: () => void): void;
  sendCopyFromChunk(chunk: Buffer): void;
}

/** What `Server` knows of its connection. */
export interface StreamOptions {
  readonly config: ClientConfig;
  readonly slot: string;
  readonly publication: string;
  /** Called with every pgoutput message, in order. */
  readonly onMessage: (message: Buffer) => void;
}

/** A running stream of a slot's changes. */
export class ChangeStream {
  private receivedLsn = 0n;
  private keptLsn = 0n;
  private failure: Error | null = null;
  private waiting: { lsn: bigint; settle: (error: Error | null) => void }[] = [];
  private closing = false;

  private constructor(
    private readonly client: Client,
    private readonly wire: WireConnection,
  ) {}

  /** Starts streaming from the slot's confirmed position. */
  static async open({ config, slot, publication, onMessage }: StreamOptions): Promise<ChangeStream> {
    // `replication` is a start-up parameter that the driver passes on and its types leave out.
    const client = new Client({ ...config, replication: 'database' } as ClientConfig);
    const wire = (client as unknown as { connection: WireConnection }).connection;
    const stream = new ChangeStream(client, wire);
    client.on('error', (error) => stream.fail(error));
    client.on('end', () => stream.fail(new Error('the change stream ended')));
    try {
      await client.connect();
      wire.on('copyData', ({ chunk }) => stream.receive(chunk, onMessage));
      const started = new Promise<void>((resolve) => wire.once('replicationStart', resolve));
      // The replication grammar knows its words in upper case only.
      const options = `proto_version '1', publication_names ${literal(ident(publication))}`;
      const command = `START_REPLICATION SLOT ${ident(slot)} LOGICAL 0/0 (${options})`;
      const ended = client.query(command).then(
        () => stream.fail(new Error('the change stream ended')),
        (error: unknown) => {
          stream.fail(error);
          throw error;
        },
      );
      await Promise.race([started, ended]);
      ended.catch(() => undefined);
      return stream;
    } catch (error) {
      stream.closing = true;
      await client.end().catch(() => undefined);
      throw translate(`streaming slot ${slot}`, error);
    }
  }

  /** Resolves when every change up to `lsn` has been handed to `onMessage`; rejects when the stream fails first. */
  reached(lsn: bigint): Promise<void> {
    if (this.failure !== null) return Promise.reject(this.failure);
    if (this.receivedLsn >= lsn) return Promise.resolve();
    return new Promise((resolve, reject) => {
      // Ends with the stream at the latest: its failure settles every waiter.
      const asking = setInterval(() => this.report(true), ASK_MS);
      const settle = (error: Error | null): void => {
        clearInterval(asking);
        if (error === null) resolve();
        else reject(error);
      };
      this.waiting.push({ lsn, settle });
      this.report(true);
    });
  }

  /** Every change committed up to here has been handed to `onMessage`. */
  get position(): bigint {
    return this.receivedLsn;
  }

  /** Takes no more messages until `resume`: the server waits, as for any slow reader. */
  pause(): void {
    this.socket().pause();
  }

  /** Goes on after `pause`. */
  resume(): void {
    this.socket().resume();
  }

  /** Tells the slot that everything up to `lsn` is kept and need not be sent again. */
  acknowledge(lsn: bigint): void {
    if (lsn > this.keptLsn) this.keptLsn = lsn;
    if (this.failure === null) this.report(false);
  }

  /** Ends the stream; never throws. */
  async close(): Promise<void> {
    this.closing = true;
    this.fail(new Error('the change stream was closed'));
    // A walsender leaves the copy mode only when it is asked; cutting the socket is the documented other way.
    this.socket().destroy();
    await this.client.end().catch(() => undefined);
  }

  private socket(): Socket {
    return (this.client as unknown as { connection: { stream: Socket } }).connection.stream;
  }

  private receive(chunk: Buffer, onMessage: (message: Buffer) => void): void {
    if (chunk[0] === XLOG_DATA) {
      const message = chunk.subarray(25);
      onMessage(message);
      // A commit ends at its third field; every transaction that committed before it has been sent.
      if (message[0] === COMMIT) this.advance(message.readBigUInt64BE(10));
      return;
    }
    if (chunk[0] !== KEEPALIVE) return;
    this.advance(chunk.readBigUInt64BE(1));
    if (chunk[17] === 1) this.report(false);
  }

  private advance(lsn: bigint): void {
    if (lsn > this.receivedLsn) this.receivedLsn = lsn;
    const due = this.waiting.filter((waiter) => waiter.lsn <= this.receivedLsn);
    this.waiting = this.waiting.filter((waiter) => waiter.lsn > this.receivedLsn);
    for (const waiter of due) waiter.settle(null);
  }

  /** A standby status update; `replyNow` asks the server for a keepalive with its position. */
  private report(replyNow: boolean): void {
    const message = Buffer.alloc(34);
    message[0] = 0x72;
    message.writeBigUInt64BE(this.keptLsn, 1);
    message.writeBigUInt64BE(this.keptLsn, 9);
    message.writeBigUInt64BE(this.keptLsn, 17);
    message.writeBigInt64BE(BigInt(Date.now()) * 1000n - POSTGRES_EPOCH_US, 25);
    message[33] = replyNow ? 1 : 0;
    this.wire.sendCopyFromChunk(message);
  }

  private fail(error: unknown): void {
    if (this.failure !== null) return;
    this.failure = this.closing ? (error as Error) : translate('streaming changes', error);
    for (const waiter of this.waiting) waiter.settle(this.failure);
    this.waiting = [];
  }
}
