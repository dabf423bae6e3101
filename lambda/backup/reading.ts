/**
 * A reading: what a server holds at one moment of each database, in terms that a restore can be checked by (decision 28). It
 * only reads.
 *
 *     first reading, flushed -> snapshot -> second reading, of the same versions -> manifest
 *                                  \-> restore -> reading of the same versions -> compared
 */
import { createHash } from 'node:crypto';
import * as z from 'zod';
import { Blocked, NotReady } from '../errors';
import type { Server, Session } from '../platform/postgres';
import { catalogFacts } from '../proof/catalog-sql';
import type { CatalogFact } from '../proof/compare-facts';
import { nameOf } from '../proof/compare-facts';
import { type Digest, pinSettings } from '../proof/row-hash';
import { listTables, relationOf } from '../proof/tables';
import * as sql from './sql';

const digest = z.strictObject({
  rows: z.string(),
  hash: z.string(),
  /** Share of its blocks that was read; 100 is the whole table. */
  samplePercent: z.number(),
});

const sequence = z.strictObject({
  last: z.string().nullable(),
  increment: z.string(),
  cache: z.string(),
  cycles: z.boolean(),
});

const databaseReading = z.strictObject({
  /** Versions of transactions before this one are in the digests. */
  horizon: z.string(),
  /** Transactions begun since the horizon: what they wrote is not judged. */
  horizonAge: z.string(),
  tables: z.record(z.string(), digest),
  /** Tables that the master user may not read whole, or for which the time did not suffice. */
  unread: z.array(z.string()),
  sequences: z.record(z.string(), sequence),
  unlogged: z.array(z.string()),
  /** Hash of each fact of the catalogue, extensions and roles among them, by its name. */
  definitions: z.record(z.string(), z.string()),
});

/** Shape of a reading. */
export const readingSchema = z.strictObject({
  engineVersion: z.string(),
  systemIdentifier: z.string(),
  /** ISO, at its end. */
  readAt: z.string(),
  /** Written WAL before it began; a reading that flushed is flushed up to `lastLsn`. */
  firstLsn: z.string(),
  /** Written WAL when it was at its end. */
  lastLsn: z.string(),
  databases: z.record(z.string(), databaseReading),
  /** Databases that the master user may not enter. */
  unread: z.array(z.string()),
});

/** What a server held. */
export type Reading = z.infer<typeof readingSchema>;

/** What one of its databases held. */
export type DatabaseReading = z.infer<typeof databaseReading>;

/** What one sequence said. */
export type SequenceReading = z.infer<typeof sequence>;

/** How much is read. */
export interface ReadingOptions {
  /** The first reading, whose versions and samples this one looks at. @default this is the first */
  readonly like?: Reading;
  /** Waits until what was seen is flushed: the first reading needs it. @default false */
  readonly flushed?: boolean;
  /** Tables of more bytes are read by sample of about so many. @default 64 MiB */
  readonly sampleBytes?: number;
  /** False when the time is used up; tables not read by then are listed. @default always true */
  readonly hasTime?: () => boolean;
}

const SAMPLE_BYTES = 64 * 1024 * 1024;

/** The WAL writer flushes three times its delay after a commit at the latest: 600 ms by default. */
const FLUSH_LOOKS = 100;
const FLUSH_PAUSE_MS = 100;

/** Reads every database of the server. Throws `Blocked` for a standby and `NotReady` when WAL is not flushed in ten seconds. */
export async function readServer(server: Server, options: ReadingOptions = {}): Promise<Reading> {
  const home = await server.home();
  const { standby, ...identity } = await home.one<Identity>(sql.serverIdentity);
  if (standby)
    throw new Blocked('the server is in recovery, a backup is read from the primary and a restore once it is up');
  const { written: firstLsn } = await walEnds(home, null);
  const databases: Record<string, DatabaseReading> = {};
  const unread: string[] = [];
  for (const { database, enterable } of await home.query<{ database: string; enterable: boolean }>(sql.databases)) {
    const like = options.like?.databases[database];
    // A database made since the first reading has nothing to compare with.
    if (options.like !== undefined && like === undefined) continue;
    if (!enterable) unread.push(database);
    else databases[database] = await readDatabase(await server.session(database), like ?? null, options);
  }
  const { written: lastLsn } = await walEnds(home, null);
  if (options.flushed === true) await waitForFlush(home, lastLsn);
  return { ...identity, readAt: new Date().toISOString(), firstLsn, lastLsn, databases, unread };
}

interface Identity {
  readonly standby: boolean;
  readonly engineVersion: string;
  readonly systemIdentifier: string;
}

interface Relation {
  readonly schema: string;
  readonly name: string;
}

async function readDatabase(
  session: Session,
  like: DatabaseReading | null,
  options: ReadingOptions,
): Promise<DatabaseReading> {
  await pinSettings(session);
  return session.transaction(async () => {
    const now = await session.one<{ horizon: string; age: string }>(sql.horizon);
    const horizon = like?.horizon ?? now.horizon;
    const unlogged = await session.query<Relation>(sql.unloggedTables);
    return {
      horizon,
      horizonAge: like?.horizonAge ?? now.age,
      sequences: await readSequences(session),
      unlogged: unlogged.map(relationOf),
      definitions: await readDefinitions(session),
      ...(await readTables(session, horizon, like, options)),
    };
  }, sql.ONE_MOMENT);
}

async function readTables(session: Session, horizon: string, like: DatabaseReading | null, options: ReadingOptions) {
  const { sampleBytes = SAMPLE_BYTES, hasTime = () => true } = options;
  const tables: DatabaseReading['tables'] = {};
  const unread: string[] = [];
  const closed = new Set((await session.query<Relation>(sql.unreadableTables)).map(relationOf));
  // Small ones first: when the time ends, the most tables were read.
  const listed = (await listTables(session)).filter(({ root }) => !root).reverse();
  for (const table of listed) {
    const relation = relationOf(table);
    const known = like?.tables[relation];
    if (like !== null && known === undefined) continue;
    if (closed.has(relation) || !hasTime()) {
      unread.push(relation);
      continue;
    }
    const samplePercent = known?.samplePercent ?? Math.min(100, (100 * sampleBytes) / Math.max(table.bytes, 1));
    const found = await session.one<Digest>(sql.versionsBefore(horizon, table, samplePercent));
    tables[relation] = { ...found, samplePercent };
  }
  return { tables, unread };
}

async function readSequences(session: Session): Promise<DatabaseReading['sequences']> {
  const rows = await session.query<SequenceReading & Relation>(sql.sequences);
  return Object.fromEntries(rows.map(({ schema, name, ...facts }) => [relationOf({ schema, name }), facts]));
}

/** Only servers of one major are compared by it: a snapshot is restored to its own. */
async function readDefinitions(session: Session): Promise<DatabaseReading['definitions']> {
  const { major } = session;
  const facts = await session.query<CatalogFact>(catalogFacts({ major, since: major, sameMajor: true }));
  const hash = ({ definition, text }: CatalogFact) =>
    createHash('sha256')
      .update(JSON.stringify([definition, text]))
      .digest('hex')
      .slice(0, 16);
  return Object.fromEntries(facts.map((fact) => [nameOf(fact), hash(fact)]));
}

async function walEnds(home: Session, behind: string | null): Promise<{ written: string; reached: boolean }> {
  return home.one(sql.walEndsBehind(behind ?? '0/0'));
}

/** What a reading saw may be a commit that is not flushed; a snapshot taken before it is would not hold it. */
async function waitForFlush(home: Session, lsn: string): Promise<void> {
  for (let look = 0; look < FLUSH_LOOKS; look += 1) {
    if ((await walEnds(home, lsn)).reached) return;
    await new Promise((resolve) => setTimeout(resolve, FLUSH_PAUSE_MS));
  }
  throw new NotReady(`the WAL is not flushed up to ${lsn}, the backup is asked for again`);
}
