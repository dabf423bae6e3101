/** The ledgers of the databases follow the home ledger: home is moved first, and whoever finds a database behind it brings it up. */
import type { Phase } from '../contract';
import { Blocked } from '../errors';
import { assertCurrent, type Expectation, ensureLedger, type LedgerRow, moveTo, readLedger } from './ledger';
import { lockMigration, upsertMigration } from './ledger-sql';
import { HOME_DATABASE } from './names';
import { isInUse } from './phases';
import type { Server, Session } from './postgres';

/**
 * Makes the ledger of a database where it is missing and copies epoch, phase and execution of the home ledger into it when
 * they differ. Throws `Blocked` when the home ledger is not as expected or the database is at a later epoch than home.
 */
export async function followHome(home: Session, session: Session, expected: Expectation): Promise<LedgerRow> {
  const row = await assertCurrent(home, expected);
  if (session.database === HOME_DATABASE) return row;
  const known = await readLedger(session, expected.migrationId);
  if (known === null) await ensureLedger(session);
  if (known !== null && sameStand(known, row)) return row;
  return session.transaction(async () => {
    await session.query(lockMigration(expected.migrationId));
    const [behind, ahead] = [await readLedger(session, expected.migrationId), await assertCurrent(home, expected)];
    if (behind !== null && BigInt(behind.epoch) > BigInt(ahead.epoch)) {
      throw new Blocked(
        `database ${JSON.stringify(session.database)} of the ${session.side} stands at epoch ${behind.epoch}, its home ` +
          `ledger at ${ahead.epoch}, this call came too late or the ledger was restored from a copy`,
      );
    }
    await session.execute(upsertMigration({ ...ahead }));
    return ahead;
  });
}

/** Moves the home ledger to `phase` when it stands as expected, then every database; doing so twice is no error. */
export async function moveEverywhere(
  server: Server,
  databases: readonly string[],
  expected: Expectation,
  phase: Phase,
): Promise<void> {
  const home = await server.home();
  await moveTo(home, expected, phase);
  // One after the other: they share the session of the home ledger.
  for (const database of databases) {
    await followHome(home, await server.session(database), { ...expected, phases: [phase] });
  }
}

/**
 * Brings the target's home ledger to the epoch, phase and execution of the source's: a new claim moves only the source. Call
 * it before anything is expected of the target's ledger. Throws `Blocked` when the target was not adopted, is in use, or
 * stands at a later epoch.
 */
export async function followSource(
  sourceHome: Session<'source'>,
  targetHome: Session<'target'>,
  expected: Expectation,
): Promise<LedgerRow> {
  return targetHome.transaction(async () => {
    await targetHome.query(lockMigration(expected.migrationId));
    const row = await readLedger(targetHome, expected.migrationId);
    if (row?.side !== 'target') {
      throw new Blocked(
        `the target was not adopted by migration ${JSON.stringify(expected.migrationId)}, replicate first`,
      );
    }
    if (isInUse(row.phase)) {
      throw new Blocked(`the target of migration ${JSON.stringify(row.migrationId)} is in use, phase ${row.phase}`);
    }
    const source = await assertCurrent(sourceHome, expected);
    if (BigInt(row.epoch) > BigInt(source.epoch)) {
      throw new Blocked(
        `the target stands at epoch ${row.epoch}, the source at ${source.epoch}, this call came too late`,
      );
    }
    if (sameStand(row, source)) return row;
    const { epoch, phase, execution } = source;
    await targetHome.execute(upsertMigration({ ...row, epoch, phase, execution }));
    return { ...row, epoch, phase, execution };
  });
}

/** Brings the target's ledgers, of home and of the databases, to where the source's stand; see `followSource`. */
export async function followEverywhere(
  source: Server<'source'>,
  target: Server<'target'>,
  databases: readonly string[],
  expected: Expectation,
): Promise<LedgerRow> {
  const [sourceHome, home] = await Promise.all([source.home(), target.home()]);
  const row = await followSource(sourceHome, home, expected);
  for (const database of databases) await followHome(home, await target.session(database), expected);
  return row;
}

function sameStand(left: LedgerRow, right: LedgerRow): boolean {
  return left.epoch === right.epoch && left.phase === right.phase && left.execution === right.execution;
}
