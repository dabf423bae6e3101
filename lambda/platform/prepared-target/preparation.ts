/**
 * How far the preparation of a database stands, in its ledger: it is begun once, and once it is being taken back nothing that
 * comes late prepares any more.
 */
import { Blocked } from '../../errors';
import { type Expectation, guarded, type LedgerRow } from '../ledger';
import { mergeFacts } from '../ledger-sql';
import type { Session } from '../postgres';
import type { Way } from './way';

/** What the ledger keeps of it. */
export interface Preparation extends Way {
  readonly stand: 'preparing' | 'prepared' | 'restoring' | 'restored';
  /** Epoch that it was begun in, decimal. */
  readonly begun: string;
}

/** The preparation of a database; null when none was begun. */
export function preparationOf(row: Pick<LedgerRow, 'facts'>): Preparation | null {
  return (row.facts.dmsPreparation as Preparation | undefined) ?? null;
}

/** Writes it, in a transaction that holds the ledger's row. */
export async function writePreparation(
  session: Session,
  expected: Expectation,
  preparation: Preparation,
): Promise<void> {
  await session.execute(mergeFacts(expected.migrationId, { dmsPreparation: preparation }));
}

/**
 * Begins with `way`, or goes on in the way that was chosen. Throws `Blocked` when what was prepared is being taken back, or was in
 * this epoch.
 */
export async function beginPreparation(session: Session, expected: Expectation, way: Way): Promise<Preparation> {
  return guarded(session, expected, async (row) => {
    const found = preparationOf(row);
    if (found !== null && (found.stand !== 'restored' || found.begun === row.epoch)) {
      if (found.stand === 'preparing' || found.stand === 'prepared') return found;
      throw tooLate(session, found);
    }
    const begun: Preparation = { ...way, stand: 'preparing', begun: row.epoch };
    await writePreparation(session, expected, begun);
    return begun;
  });
}

/** Turns to taking back; null when there is nothing to. */
export async function beginRestoring(session: Session, expected: Expectation): Promise<Preparation | null> {
  return guarded(session, expected, async (row) => {
    const found = preparationOf(row);
    if (found === null || found.stand === 'restored' || found.stand === 'restoring') return found;
    const turned: Preparation = { ...found, stand: 'restoring' };
    await writePreparation(session, expected, turned);
    return turned;
  });
}

/** What a preparation that comes too late is told. */
export function tooLate(session: Session, { stand }: Preparation): Blocked {
  return new Blocked(
    `the preparation of target database ${JSON.stringify(session.database)} is ${stand}, this call came too late and changed ` +
      'nothing; finish restoring and start again',
  );
}
