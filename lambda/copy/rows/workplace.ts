/** The two sessions of a worker in one database: rows are read under the snapshot on one and written on the other. */
import { Blocked } from '../../errors';
import type { Server, Session } from '../../platform/postgres';
import { sqlStateOf } from '../../platform/postgres-error';
import { limitStatement } from '../../platform/queue';
import { actAsReplica, pinForCopy } from './sql/session';
import { tablesWithTriggers } from './sql/tables';

/** Longest wait for a lock: a copy needs none that readers and writers hold, only a change of a definition does. */
const LOCK_MS = 5_000;

/** Insufficient privilege. */
const REFUSED = '42501';

/** A pair of sessions. */
export interface Workplace {
  readonly source: Session<'source'>;
  readonly target: Session<'target'>;
  close(): Promise<void>;
}

/** Opens the pair; its statements may take `statementMs`. */
export async function openWorkplace(
  sourceServer: Server<'source'>,
  targetServer: Server<'target'>,
  database: string,
  statementMs: number,
): Promise<Workplace> {
  const timeouts = { statementMs, lockMs: LOCK_MS };
  const [source, target] = await Promise.all([
    sourceServer.another(database, timeouts),
    targetServer.another(database, timeouts),
  ]);
  const close = async (): Promise<void> => {
    await Promise.all([source.close(), target.close()]);
  };
  try {
    await Promise.all([source.query(pinForCopy), target.query(pinForCopy)]);
    await silenceTriggers(target);
  } catch (error) {
    await close();
    throw error;
  }
  return { source, target, close };
}

/** Bounds the next statements of both sessions (facts F11). */
export async function limitBoth({ source, target }: Workplace, statementMs: number): Promise<void> {
  await Promise.all([source.query(limitStatement(statementMs)), target.query(limitStatement(statementMs))]);
}

/** Who may not act as a replica can copy all the same while there is no trigger. */
async function silenceTriggers(target: Session<'target'>): Promise<void> {
  try {
    await target.query(actAsReplica);
  } catch (error) {
    if (sqlStateOf(error) !== REFUSED) throw error;
    const tables = await target.query<{ table: string }>(tablesWithTriggers);
    if (tables.length === 0) return;
    throw new Blocked(
      `triggers of ${tables.map(({ table }) => table).join(', ')} on the target would act on copied rows, and the user may ` +
        'not set session_replication_role; grant it, or make triggers and foreign keys after the copy',
      { cause: error },
    );
  }
}
