/**
 * The tap: a second slot of the source, made before the first row is compared. It lists every key that changed since, so
 * that a full comparison under live writes and a second look at the changed keys prove every row, without stopping a write.
 */
import { Blocked, NotReady } from '../errors';
import type { ChangeStream } from '../platform/change-stream';
import { streamName, tapName } from '../platform/names';
import type { Server, Session } from '../platform/postgres';
import { dropSlot, findSlot, freeSlot } from '../platform/slots';
import { ChangedKeys, collect } from './changed-keys';
import { formatLsn, parseLsn } from './lsn';
import { PgoutputReader } from './pgoutput';
import { type ComparedTable, relationOf } from './tables';

/** Makes the tap's slot when it is missing or lost; it waits for running transactions (facts A12) and gives up as `NotReady`. */
export async function openTap(source: Session<'source'>, migrationId: string): Promise<void> {
  const name = tapName(migrationId, source.database);
  const found = await findSlot(source, name);
  if (found?.walStatus === 'lost') await dropSlot(source, name);
  else if (found !== null) return;
  await source.query({ text: `select pg_create_logical_replication_slot($1, 'pgoutput')`, values: [name] });
}

/** True when the tap's slot exists and can still be read. */
export async function tapIsOpen(source: Session<'source'>, migrationId: string): Promise<boolean> {
  const found = await findSlot(source, tapName(migrationId, source.database));
  return found !== null && found.walStatus !== 'lost';
}

/** Drops the tap's slot, ending whoever reads it; no error when there is none. */
export async function dropTap(source: Session<'source'>, migrationId: string): Promise<void> {
  await dropSlot(source, tapName(migrationId, source.database));
}

/** Changes after which the number of collected keys is looked at: counting costs more than collecting. */
const LOOK_EVERY = 1_000;

/** Follows the tap of one database and collects the keys that changed. */
export class ChangeTap {
  private collected = new ChangedKeys();
  private newest = 0n;
  private failure: unknown = null;
  private stream: ChangeStream | null = null;
  private mostKeys: number | null = null;
  /** Changes since the number of keys was last looked at. */
  private unlooked = 0;

  private constructor(private readonly tables: ReadonlyMap<string, ComparedTable>) {}

  /** Opens the stream of the tap's slot, first ending a reader that a dead invocation left. */
  static async follow(
    server: Server<'source'>,
    options: { readonly database: string; readonly migrationId: string; readonly tables: readonly ComparedTable[] },
  ): Promise<ChangeTap> {
    const { database, migrationId } = options;
    const slot = tapName(migrationId, database);
    await endReader(await server.session(database), slot);
    const tap = new ChangeTap(new Map(options.tables.map((table) => [relationOf(table), table])));
    const reader = new PgoutputReader();
    tap.stream = await server.stream(database, {
      slot,
      publication: streamName(migrationId, database),
      onMessage: (message) => tap.receive(reader, message),
    });
    return tap;
  }

  /** Resolves when every change up to `lsn` has been collected. */
  async reached(lsn: string): Promise<void> {
    await this.stream?.reached(parseLsn(lsn));
    if (this.failure !== null) throw this.failure;
  }

  /** True when a change of a compared table was collected that was committed at or behind `lsn`, taken or not. */
  changedSince(lsn: string): boolean {
    return this.newest >= parseLsn(lsn);
  }

  /** Hands out what was collected and begins anew. */
  take(): ChangedKeys {
    const taken = this.collected;
    this.collected = new ChangedKeys();
    this.unlooked = 0;
    this.stream?.resume();
    return taken;
  }

  /** Like `take`, with the LSN up to which that is everything; throws when a change could not be read. */
  takeUpTo(): { readonly keys: ChangedKeys; readonly lsn: string } {
    if (this.failure !== null) throw this.failure;
    const lsn = formatLsn(this.stream?.position ?? 0n);
    return { keys: this.take(), lsn };
  }

  /** Stops reading while this many keys are collected, until they are taken; null reads on whatever is collected. */
  holdAt(keys: number | null): void {
    this.mostKeys = keys;
    if (keys === null) this.stream?.resume();
  }

  /** Lets the slot forget everything up to `lsn`: only after what was taken is kept. */
  acknowledge(lsn: string): void {
    this.stream?.acknowledge(parseLsn(lsn));
  }

  /** Ends the stream; the slot stays. */
  async close(): Promise<void> {
    await this.stream?.close();
  }

  private receive(reader: PgoutputReader, message: Buffer): void {
    try {
      const change = reader.read(message);
      if (change === null || !collect(this.collected, change, this.tables)) return;
      if (reader.transactionLsn > this.newest) this.newest = reader.transactionLsn;
      this.unlooked += 1;
      if (this.mostKeys === null || this.unlooked < LOOK_EVERY) return;
      this.unlooked = 0;
      if (this.collected.size >= this.mostKeys) this.stream?.pause();
    } catch (error) {
      this.failure ??= error;
    }
  }
}

/** A slot has one reader; that of a killed invocation may still hang on to it. */
async function endReader(source: Session<'source'>, name: string): Promise<void> {
  const slot = await freeSlot(source, name);
  if (slot === null) throw new NotReady(`slot ${name} does not exist, plan the verification again`);
  if (slot.walStatus !== 'lost') return;
  throw new Blocked(
    `slot ${name} is lost, its WAL exceeded max_slot_wal_keep_size, so it is unknown what changed since the ` +
      'verification, verify again',
  );
}
