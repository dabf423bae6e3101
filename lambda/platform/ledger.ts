/**
 * The ledger: the only state store. A mutating statement runs in a transaction that first locks the migration's row and
 * checks phase and epoch, so that a late or doubled invocation changes nothing (I6).
 */
import type { Phase } from '../contract';
import { Blocked } from '../errors';
import * as sql from './ledger-sql';
import type { Session, Side, Statement } from './postgres';

/** The ledger row of a migration in one database. */
export interface LedgerRow {
  readonly migrationId: string;
  readonly side: Side;
  readonly phase: Phase;
  readonly epoch: string;
  readonly execution: string;
  readonly systemIdentifier: string;
  readonly facts: Readonly<Record<string, unknown>>;
}

/**
 * True while the sides of a migration are turned round for the way back: what began as the target is written to and fenced as
 * the `source`, and the old source follows it as the `target` (decision 14).
 */
export function isTurned({ facts }: Pick<LedgerRow, 'facts'>): boolean {
  return facts.turned === true;
}

/** What a mutating step expects of the ledger. */
export interface Expectation {
  readonly migrationId: string;
  readonly epoch: string;
  readonly phases: readonly Phase[];
}

/** Makes the ledger where it is missing. */
export async function ensureLedger(session: Session): Promise<void> {
  await session.transaction(async () => {
    for (const statement of sql.createLedger) await session.execute(statement);
  });
}

/** Reads the migration's row; null when there is no ledger or no row. */
export async function readLedger(session: Session, migrationId: string): Promise<LedgerRow | null> {
  const [found] = await session.query<{ present: boolean }>(sql.ledgerExists);
  if (found?.present !== true) return null;
  return readRow(session, sql.selectMigration(migrationId));
}

/**
 * Runs `change` in a transaction that holds the migration's row and has found the expected epoch and one of the expected
 * phases; throws `Blocked` and changes nothing otherwise.
 */
export async function guarded<T>(
  session: Session,
  expected: Expectation,
  change: (row: LedgerRow) => Promise<T>,
): Promise<T> {
  return session.transaction(async () => change(await lockExpected(session, expected)));
}

/** Locks the migration's row inside a transaction of the caller's and checks it; throws `Blocked`. */
export async function lockExpected(session: Session, expected: Expectation): Promise<LedgerRow> {
  const row = await readRow(session, sql.lockMigration(expected.migrationId));
  assertExpected(row, expected);
  return row;
}

/** Keeps the migration's row as it is inside a transaction of the caller's, beside others that do, and checks it; throws `Blocked`. */
export async function holdExpected(session: Session, expected: Expectation): Promise<LedgerRow> {
  const row = await readRow(session, sql.holdMigration(expected.migrationId));
  assertExpected(row, expected);
  return row;
}

/** Checks the migration's row without a lock, for what cannot run in a transaction (facts A13). */
export async function assertCurrent(session: Session, expected: Expectation): Promise<LedgerRow> {
  const row = await readLedger(session, expected.migrationId);
  assertExpected(row, expected);
  return row;
}

/** Moves the migration's row to `phase` when it stands as expected; doing so twice is no error. */
export async function moveTo(session: Session, expected: Expectation, phase: Phase): Promise<void> {
  await guarded(session, { ...expected, phases: [...expected.phases, phase] }, async (row) => {
    if (row.phase !== phase) await session.execute(sql.updatePhase(expected.migrationId, phase));
  });
}

function assertExpected(row: LedgerRow | null, expected: Expectation): asserts row is LedgerRow {
  const wanted = `epoch ${expected.epoch} in phase ${expected.phases.join(' or ')}`;
  if (row === null) {
    throw new Blocked(
      `the ledger has no migration ${JSON.stringify(expected.migrationId)}, ${wanted} was expected, start again`,
    );
  }
  if (row.epoch !== expected.epoch || !expected.phases.includes(row.phase)) {
    throw new Blocked(
      `migration ${JSON.stringify(row.migrationId)} stands at epoch ${row.epoch} in phase ${row.phase}, ${wanted} was ` +
        `expected, this call came too late and changed nothing; the ledger names execution ${row.execution}`,
    );
  }
}

async function readRow(session: Session, statement: Statement): Promise<LedgerRow | null> {
  const [row] = await session.query<{
    migration_id: string;
    side: Side;
    phase: Phase;
    epoch: string;
    execution: string;
    system_identifier: string;
    facts: Record<string, unknown>;
  }>(statement);
  if (row === undefined) return null;
  const { migration_id: migrationId, system_identifier: systemIdentifier, ...rest } = row;
  return { migrationId, systemIdentifier, ...rest };
}
