import type { Client } from 'pg';
import { type LatencyPoint, OUTCOME, type WriterLedger, type WriterRecord } from './protocol';
import { type Outage, outagesOf } from './timings';

/** How the proof reaches the databases; each call opens a client that the proof ends. */
export interface ProofConnections {
  /** The server that is live now. */
  readonly live: (database: string) => Promise<Client>;
  /** The server that was live before a switch; left out when there was none. */
  readonly source?: (database: string) => Promise<Client>;
}

/** What became of the writes. */
export interface Proof {
  /** Commits that the writers were told of. */
  readonly acknowledged: number;
  readonly refused: number;
  /** Commits whose answer never came, and how many of them took place. */
  readonly unknown: number;
  readonly unknownPresent: number;
  /** Acknowledged commits that the live server does not hold in full. */
  readonly lost: number;
  /** Rows that the live server holds more than once, counted beyond the first. */
  readonly doubled: number;
  /** Writes of unknown fate of which the live server holds a part. */
  readonly torn: number;
  /** Rows of writes that certainly did not commit, or that nobody issued. */
  readonly phantom: number;
  /** Commits that the old server holds and the live one does not; null when the old server was not looked at. */
  readonly acceptedBySourceAfterFence: number | null;
  /** Values that a sequence handed out again, of `sequenceValues`. */
  readonly sequenceReuse: number;
  readonly sequenceValues: number;
  readonly stubbornAccepted: number;
  readonly stubbornRefused: number;
  /** The first identifiers of each kind, as `writer 3 write 1200`, at most twenty. */
  readonly lostWrites: readonly string[];
  readonly doubledWrites: readonly string[];
  readonly maxLatencyMs: number;
  /**
   * The longest outage of a database: from the start of the first attempt that was refused, cut, or delayed beyond 250 ms,
   * to the acknowledgement of the first write that any of its writers was granted afterwards. When writers moved to
   * another server only such outages count, and what the old server still accepted does not end one. Null: there was
   * none, or it never ended.
   */
  readonly outageMs: number | null;
  /** The same to the acknowledgement of the last writer's first write afterwards. */
  readonly allWritersBackMs: number | null;
  /** Start of the longest outage, and its first accepted write, as ISO times. */
  readonly firstRefusedAt: string | null;
  readonly firstAcceptedAt: string | null;
  readonly outages: readonly Outage[];
  readonly latencySeries: readonly LatencyPoint[];
  /** Refused attempts by SQLSTATE or Node.js error code. */
  readonly refusals: Readonly<Record<string, number>>;
  /** Attempts that were rolled back, by SQLSTATE; `application`: the application wanted it. */
  readonly conflicts: Readonly<Record<string, number>>;
}

interface Comparison {
  unknownPresent: number;
  torn: number;
  phantom: number;
  doubled: number;
  lostOnLive: number;
  sourceOnly: number;
  readonly lostWrites: string[];
  readonly doubledWrites: string[];
}

const MOST_NAMED = 20;

/** Compares the record with the rows of `rehearsal.writes` and `rehearsal.appends` on the live server and the old one. */
export async function prove(record: WriterRecord, connections: ProofConnections): Promise<Proof> {
  const found: Comparison = {
    unknownPresent: 0,
    torn: 0,
    phantom: 0,
    doubled: 0,
    lostOnLive: 0,
    sourceOnly: 0,
    lostWrites: [],
    doubledWrites: [],
  };
  for (const database of [...new Set(record.ledgers.map((ledger) => ledger.database))]) {
    const ledgers = record.ledgers.filter((ledger) => ledger.database === database);
    await withClient(connections.live, database, async (live) => {
      found.phantom += await countStrangers(live, ledgers);
      for (const ledger of ledgers) compareLedger(ledger, await heldBy(live, ledger), found);
      if (connections.source) {
        await withClient(connections.source, database, async (source) => {
          for (const ledger of ledgers) found.sourceOnly += await countSourceOnly(source, live, ledger);
        });
      }
    });
  }
  return describe(record, found, connections.source !== undefined);
}

function describe(record: WriterRecord, found: Comparison, lookedAtSource: boolean): Proof {
  const outages = outagesOf(record.interruptions);
  const outage = longestOf(outages);
  const iso = (ms: number | null | undefined) => (ms == null ? null : new Date(ms).toISOString());
  const since = (ms: number | null | undefined) => (ms == null || !outage ? null : ms - outage.startedAt);
  return {
    acknowledged: record.stats.acknowledged,
    refused: record.stats.refused,
    unknown: record.stats.unknown,
    unknownPresent: found.unknownPresent,
    lost: found.lostOnLive,
    doubled: found.doubled,
    torn: found.torn,
    phantom: found.phantom,
    acceptedBySourceAfterFence: lookedAtSource ? found.sourceOnly : null,
    sequenceReuse: record.sequenceReuse,
    sequenceValues: record.sequenceValues,
    stubbornAccepted: record.stubbornAccepted,
    stubbornRefused: record.stubbornRefused,
    lostWrites: found.lostWrites,
    doubledWrites: found.doubledWrites,
    maxLatencyMs: record.stats.latencyMaxMs,
    outageMs: since(outage?.firstAcceptedAt),
    allWritersBackMs: since(outage?.allBackAt),
    firstRefusedAt: iso(outage?.startedAt),
    firstAcceptedAt: iso(outage?.firstAcceptedAt),
    outages,
    latencySeries: record.latencySeries,
    refusals: record.refusals,
    conflicts: record.conflicts,
  };
}

/** The longest outage; one that never ended is the longest. */
function longestOf(outages: readonly Outage[]): Outage | undefined {
  const moved = outages.filter((outage) => outage.moved);
  const length = (outage: Outage) => (outage.firstAcceptedAt ?? Number.POSITIVE_INFINITY) - outage.startedAt;
  return [...(moved.length > 0 ? moved : outages)].sort((a, b) => length(b) - length(a))[0];
}

/** How often each write of a writer is held: index is the write's number. */
interface Held {
  readonly writes: Uint16Array;
  readonly appends: Uint16Array;
  /** Numbers that the writer never issued. */
  readonly strange: ReadonlySet<number>;
}

function compareLedger(ledger: WriterLedger, held: Held, found: Comparison): void {
  found.phantom += held.strange.size;
  const name = (number: number) => `writer ${ledger.writer} write ${number}`;
  for (let number = 1; number < held.writes.length; number += 1) {
    const [writes, appends] = [held.writes[number] ?? 0, held.appends[number] ?? 0];
    const outcome = ledger.outcomes[number] ?? OUTCOME.notIssued;
    const excess = Math.max(0, writes - 1) + Math.max(0, appends - 1);
    if (excess > 0 && found.doubledWrites.length < MOST_NAMED) found.doubledWrites.push(name(number));
    found.doubled += excess;
    const complete = writes > 0 && appends > 0;
    const absent = writes === 0 && appends === 0;
    if (outcome === OUTCOME.acknowledged && !complete) {
      found.lostOnLive += 1;
      if (found.lostWrites.length < MOST_NAMED) found.lostWrites.push(name(number));
    }
    if (outcome === OUTCOME.unknown && complete) found.unknownPresent += 1;
    if (outcome === OUTCOME.unknown && !complete && !absent) found.torn += 1;
    if ((outcome === OUTCOME.notCommitted || outcome === OUTCOME.notIssued) && !absent) found.phantom += 1;
  }
}

async function heldBy(client: Client, ledger: WriterLedger): Promise<Held> {
  const strange = new Set<number>();
  const counts = async (table: 'writes' | 'appends') => {
    const result = await client.query<[string, string]>({
      text: `select number, count(*) from rehearsal.${table} where writer = $1 group by number`,
      values: [ledger.writer],
      rowMode: 'array',
    });
    const held = new Uint16Array(ledger.outcomes.length);
    for (const [text, count] of result.rows) {
      const number = Number(text);
      if (number >= 1 && number < held.length) held[number] = Math.min(65_535, Number(count));
      else strange.add(number);
    }
    return held;
  };
  return { writes: await counts('writes'), appends: await counts('appends'), strange };
}

/** Rows of writers that this run does not know. */
async function countStrangers(client: Client, ledgers: readonly WriterLedger[]): Promise<number> {
  const writers = ledgers.map((ledger) => ledger.writer);
  const result = await client.query<{ strangers: string }>(
    `select (select count(*) from rehearsal.writes where writer <> all ($1::integer[]))
          + (select count(*) from rehearsal.appends where writer <> all ($1::integer[])) as strangers`,
    [writers],
  );
  return Number(result.rows[0]?.strangers ?? 0);
}

async function countSourceOnly(source: Client, live: Client, ledger: WriterLedger): Promise<number> {
  const [onSource, onLive] = [await heldBy(source, ledger), await heldBy(live, ledger)];
  let sourceOnly = [...onSource.strange].filter((number) => !onLive.strange.has(number)).length;
  for (let number = 1; number < onSource.writes.length; number += 1) {
    const held = (onSource.writes[number] ?? 0) + (onSource.appends[number] ?? 0);
    if (held > 0 && (onLive.writes[number] ?? 0) + (onLive.appends[number] ?? 0) === 0) sourceOnly += 1;
  }
  return sourceOnly;
}

async function withClient(
  connect: (database: string) => Promise<Client>,
  database: string,
  use: (client: Client) => Promise<void>,
): Promise<void> {
  const client = await connect(database);
  try {
    await use(client);
  } finally {
    await client.end();
  }
}
