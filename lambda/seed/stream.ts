/**
 * The stream of one database: publication, then slot, then proof. In that order, because decoding fails for ever on a change
 * that is older than the publication (facts A3), and because only a snapshot that holds the last marker is newer than the
 * slot (facts A8).
 *
 *     publication + random comment + marker row  (one transaction)
 *        -> slot                                  (waits for running transactions, facts A12)
 *           -> marker row `after-slot` + facts    (one transaction)
 */
import { randomUUID } from 'node:crypto';
import type { SlotFacts } from '../contract/replication';
import { Blocked } from '../errors';
import { withAdvisoryLock } from '../platform/advisory-lock';
import { assertCurrent, type Expectation, guarded, type LedgerRow } from '../platform/ledger';
import { insertMarker, mergeFacts } from '../platform/ledger-sql';
import { streamName } from '../platform/names';
import type { Server, Session } from '../platform/postgres';
import * as publications from '../platform/publications';
import { dropSlot, makeSlot } from '../platform/slots';
import { snapshotFactsOf } from '../platform/snapshot-facts';
import type { PublishableTable } from './identity-plan';
import * as sql from './sql/prepare';
import { type StreamFacts, streamFactsOf } from './stream-facts';

/** What a publication is made with. */
export interface PublicationPlan {
  readonly expected: Expectation;
  readonly execution: string;
  readonly tables: readonly PublishableTable[];
}

/** What a stream is made with. */
export interface StreamPlan extends PublicationPlan {
  /** Longest wait for the slot. */
  readonly slotTimeoutMs: number;
}

/** Makes what is missing of a database's stream and answers its slot; the same again when all is there. */
export async function ensureStream(server: Server<'source'>, database: string, plan: StreamPlan): Promise<SlotFacts> {
  const name = streamName(plan.expected.migrationId, database);
  // A session of its own: slot creation may take long and must not be inside a transaction (facts A13).
  const session = await server.another(database, { statementMs: plan.slotTimeoutMs, lockMs: 5_000 });
  try {
    return await withAdvisoryLock(session, `sealift/${plan.expected.migrationId}/stream`, async () => {
      const publicationMarker = await ensurePublication(session, name, plan);
      const known = streamFactsOf((await assertCurrent(session, plan.expected)).facts);
      const present = await ensureSlot(session, name, known, plan);
      const stream = known ?? (await proveSlot(session, { name, publicationMarker, startLsn: present }, plan));
      return { database, slot: name, publication: name, startLsn: stream.startLsn };
    });
  } finally {
    await session.close();
  }
}

/** Makes the publication alone, where the slot comes with a snapshot later; the same again when it is there. */
export async function ensurePublished(
  server: Server<'source'>,
  database: string,
  plan: PublicationPlan,
): Promise<void> {
  const name = streamName(plan.expected.migrationId, database);
  const session = await server.another(database);
  try {
    await withAdvisoryLock(session, `sealift/${plan.expected.migrationId}/stream`, () =>
      ensurePublication(session, name, plan),
    );
  } finally {
    await session.close();
  }
}

/** One of ours whose slot was never proved is made anew: tables may have come since. */
async function ensurePublication(session: Session, name: string, plan: PublicationPlan): Promise<string> {
  return guarded(session, plan.expected, async (row) => {
    const [found] = await session.query<{ marker: string | null }>(publications.findPublication(name));
    if (found === undefined) return createPublication(session, name, row, plan);
    const ours = row.facts.publicationMarker;
    if (typeof ours !== 'string' || found.marker !== ours) {
      throw new Blocked(
        `publication ${name} in database ${JSON.stringify(session.database)} is not the one that this migration made, drop it`,
      );
    }
    if (hasSlot(row)) return ours;
    await session.execute(publications.dropPublicationIfPresent(name));
    return createPublication(session, name, row, plan);
  });
}

/** Proved on the snapshot road, made with a snapshot on the copy road. */
function hasSlot({ facts }: LedgerRow): boolean {
  return streamFactsOf(facts) !== null || snapshotFactsOf(facts) !== null;
}

async function createPublication(
  session: Session,
  name: string,
  row: LedgerRow,
  plan: PublicationPlan,
): Promise<string> {
  if (hasSlot(row)) {
    throw new Blocked(
      `publication ${name} of database ${JSON.stringify(session.database)} is gone and its slot cannot go on without it, ` +
        'release the migration and start again',
    );
  }
  const marker = randomUUID();
  await session.execute(publications.createPublication(name, plan.tables));
  await session.execute(publications.markPublication(name, marker));
  await session.execute(insertMarker({ ...writer(plan), id: marker, kind: 'publication' }));
  await session.execute(mergeFacts(plan.expected.migrationId, { publicationMarker: marker }));
  return marker;
}

/** Looks first; a slot without a record is of a call that died in between, and may be older than the publication. */
async function ensureSlot(
  session: Session,
  name: string,
  known: StreamFacts | null,
  plan: StreamPlan,
): Promise<string> {
  const [found] = await session.query<SlotRow>(sql.findSlot(name));
  if (found !== undefined) assertLikeOurs(session, name, found);
  if (known !== null) {
    if (found !== undefined) return known.startLsn;
    throw new Blocked(
      `slot ${name} of database ${JSON.stringify(session.database)} is gone since it was made, release the migration and ` +
        'start again, a new slot would leave a gap',
    );
  }
  if (found !== undefined) await dropSlot(session, name);
  await assertCurrent(session, plan.expected);
  return createSlot(session, name);
}

interface SlotRow {
  readonly plugin: string | null;
  readonly database: string | null;
  readonly temporary: boolean;
  readonly active: boolean;
  readonly startLsn: string | null;
}

function assertLikeOurs(session: Session, name: string, slot: SlotRow): void {
  if (slot.plugin === 'pgoutput' && slot.database === session.database && !slot.temporary && !slot.active) return;
  throw new Blocked(
    `slot ${name} exists with plugin ${slot.plugin ?? 'none'} in database ${JSON.stringify(slot.database)}, ` +
      `${slot.temporary ? 'temporary, ' : ''}${slot.active ? 'in use' : 'not in use'}; a free pgoutput slot of database ` +
      `${JSON.stringify(session.database)} was expected, drop it`,
  );
}

async function createSlot(session: Session, name: string): Promise<string> {
  await makeSlot(session, name);
  const slot = await session.one<SlotRow>(sql.findSlot(name));
  if (slot.startLsn === null) throw new Error(`slot ${name} has no confirmed_flush_lsn right after its creation`);
  return slot.startLsn;
}

async function proveSlot(
  session: Session,
  made: { readonly name: string; readonly publicationMarker: string; readonly startLsn: string },
  plan: StreamPlan,
): Promise<StreamFacts> {
  const { name, publicationMarker, startLsn } = made;
  const stream: StreamFacts = {
    slot: name,
    publication: name,
    startLsn,
    publicationMarker,
    afterSlotMarker: randomUUID(),
  };
  await guarded(session, plan.expected, async () => {
    await session.execute(insertMarker({ ...writer(plan), id: stream.afterSlotMarker, kind: 'after-slot' }));
    await session.execute(mergeFacts(plan.expected.migrationId, { stream }));
  });
  return stream;
}

function writer(plan: PublicationPlan): { readonly epoch: string; readonly execution: string } {
  return { epoch: plan.expected.epoch, execution: plan.execution };
}
