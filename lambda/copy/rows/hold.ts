/**
 * The snapshot that all rows of a database are copied under, and the slot that begins where it ends.
 *
 *     publication (there before)
 *        -> slot + snapshot, made by one walsender, which goes to sleep   (facts A3, F13)
 *           -> ledger: slot, consistent point, snapshot, process
 *
 * Nothing of this can run in a transaction (facts A12 to A14), so it looks first: what the ledger names and what lives is kept;
 * anything else under our name is of a call that died in between, or of a holder that did, and is made anew.
 */
import { Blocked, NotReady } from '../../errors';
import { withAdvisoryLock } from '../../platform/advisory-lock';
import { endHolders, holderName } from '../../platform/end-holders';
import { carrierOf } from '../../platform/engines/engines';
import { assertCurrent, guarded } from '../../platform/ledger';
import { followHome } from '../../platform/ledger-follow';
import { mergeFacts } from '../../platform/ledger-sql';
import { streamName } from '../../platform/names';
import type { Server, Session } from '../../platform/postgres';
import { dropSlot, findSlot, waitsForWriters } from '../../platform/slots';
import { NO_SNAPSHOT, snapshotFacts, snapshotFactsOf } from '../../platform/snapshot-facts';
import type { HeldSnapshot } from '../../platform/snapshot-holder';
import type { CopyWorld } from './copy-world';
import { SnapshotGone, underSnapshot } from './snapshot-import';
import * as sql from './sql/holder';

/** A holder goes to sleep at once. */
const ASLEEP_MS = 10_000;
const ASK_MS = 50;

/** What a call needs beside the wait for the slot, and the least that it waits. */
const MARGIN_MS = 40_000;
const LEAST_MS = 1_000;

/** The snapshot of a database, and whether it was there before. */
export interface Holding extends HeldSnapshot {
  readonly outcome: 'kept' | 'made';
}

/**
 * Makes sure that slot and snapshot of a database exist and answers them. A snapshot that died is made anew with its slot: the
 * plan of the rows notices that it is another one and starts over. Throws `Blocked` without a publication, `NotReady` naming
 * the oldest writer when the slot has to wait for one too long.
 */
export async function holdSnapshotOn(server: Server<'source'>, database: string, world: CopyWorld): Promise<Holding> {
  const [home, session] = [await server.home(), await server.another(database)];
  try {
    await followHome(home, session, world.expect('seeding'));
    return await withAdvisoryLock(session, lockName(world), async () => {
      const row = await assertCurrent(session, world.expect('seeding'));
      const known = snapshotFactsOf(row.facts);
      if (known !== null && row.facts.copyConcluded === known.consistentPoint) {
        await assertServes(session, known);
        return { ...known, outcome: 'kept' as const };
      }
      if (known !== null && (await isHeld(session, known, world))) return { ...known, outcome: 'kept' as const };
      if (known !== null) world.log.warning('snapshot lost', { database, slot: known.slot });
      await forget(session, world);
      return { ...(await make(server, session, world)), outcome: 'made' as const };
    });
  } finally {
    await session.close();
  }
}

/** Ends the holder of a database whose rows were all copied; the slot stays. Twice is no error. */
export async function endSnapshotOn(server: Server<'source'>, database: string, world: CopyWorld): Promise<void> {
  const session = await server.another(database);
  try {
    await withAdvisoryLock(session, lockName(world), async () => {
      await guarded(session, world.expect('seeding'), async ({ facts }) => {
        const copyConcluded = snapshotFactsOf(facts)?.consistentPoint ?? null;
        await session.execute(mergeFacts(world.migrationId, { copyConcluded }));
      });
      await endHolders(session, world.migrationId, database);
    });
  } finally {
    await session.close();
  }
}

/** True when the recorded backend lives and its snapshot can be imported. */
export async function isHeld(session: Session<'source'>, known: HeldSnapshot, world: CopyWorld): Promise<boolean> {
  const { held } = await session.one<{ held: boolean }>(sql.stillHeld(known, holderName(world.migrationId)));
  if (!held) return false;
  try {
    await underSnapshot(session, known.snapshot, async () => undefined);
    return true;
  } catch (error) {
    if (error instanceof SnapshotGone) return false;
    throw error;
  }
}

/** Without its slot what was copied can never be followed; a new slot would leave a gap. */
async function assertServes(session: Session<'source'>, known: HeldSnapshot): Promise<void> {
  const slot = await findSlot(session, known.slot);
  if (slot !== null && slot.walStatus !== 'lost') return;
  throw new Blocked(
    `slot ${known.slot} of database ${JSON.stringify(session.database)} is ${slot === null ? 'gone' : 'lost'} and its rows were ` +
      'copied up to where it began, release the migration and start again',
  );
}

function lockName(world: CopyWorld): string {
  return `sealift/${world.migrationId}/hold-snapshot`;
}

/** First the ledger, so that no worker begins under what is taken away next. */
async function forget(session: Session<'source'>, world: CopyWorld): Promise<void> {
  await guarded(session, world.expect('seeding'), () => session.execute(mergeFacts(world.migrationId, NO_SNAPSHOT)));
  await endHolders(session, world.migrationId, session.database);
  await dropSlot(session, (await carrierOf(session, world.migrationId)).slot);
}

async function make(server: Server<'source'>, session: Session<'source'>, world: CopyWorld): Promise<HeldSnapshot> {
  const publication = streamName(world.migrationId, session.database);
  const { present } = await session.one<{ present: boolean }>(sql.publicationExists(publication));
  if (!present) {
    throw new Blocked(
      `publication ${publication} is missing in database ${JSON.stringify(session.database)}, a slot that is older than its ` +
        'publication can never be read, prepare the source first',
    );
  }
  const { engine, slot: name } = await carrierOf(session, world.migrationId);
  try {
    const timeoutMs = Math.max(LEAST_MS, world.remainingMs() - MARGIN_MS);
    const request = {
      slot: name,
      outputPlugin: engine.outputPlugin,
      applicationName: holderName(world.migrationId),
      timeoutMs,
    };
    const held = await server.holdSnapshot(session.database, request);
    await untilAsleep(session, held, world);
    await guarded(session, world.expect('seeding'), () =>
      session.execute(mergeFacts(world.migrationId, snapshotFacts(held))),
    );
    // Who took everything down meanwhile moved the home ledger on, and may have done so before there was anything to take.
    await assertCurrent(await server.home(), world.expect('seeding'));
    world.log.fact('snapshot held', { database: session.database, slot: name, lsn: held.consistentPoint });
    return held;
  } catch (error) {
    // Only the wait for the slot has no cause but itself.
    const waited = error instanceof NotReady && error.cause === undefined;
    const reason = waited ? await waitsForWriters(session, name, error).catch(() => error) : error;
    // Still under the lock, so nothing of a successor's is touched; what fails here the next call does.
    await endHolders(session, world.migrationId, session.database).catch(() => undefined);
    await dropSlot(session, name).catch(() => undefined);
    throw reason;
  }
}

async function untilAsleep(session: Session<'source'>, held: HeldSnapshot, world: CopyWorld): Promise<void> {
  const deadline = Date.now() + ASLEEP_MS;
  while (!(await isHeld(session, held, world))) {
    if (Date.now() > deadline)
      throw new NotReady(`the holder of slot ${held.slot} does not stay`, { cause: held.slot });
    await new Promise((resolve) => setTimeout(resolve, ASK_MS));
  }
}
