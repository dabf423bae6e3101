/** How a target is made ready for rows that DMS writes, and why so. */
import { NotReady } from '../../errors';
import type { Session } from '../postgres';
import { sqlStateOf } from '../postgres-error';
import { OBSTACLE_KINDS, type ObstacleKind } from './obstacle';
import { silenceEvents } from './sql/obstacles';

/** What the DMS task does: loads everything and follows, or follows from a known position. */
export type TaskForm = 'full-load-and-cdc' | 'cdc';

/** The choice. */
export interface Way {
  /**
   * `replica`: the task's sessions act as a replica, foreign keys and ordinary triggers stay; `removal`: what stands in the way is
   * removed or switched off.
   */
  readonly way: 'replica' | 'removal';
  /** Kinds that are looked for. */
  readonly kinds: readonly ObstacleKind[];
  /** For people. */
  readonly reason: string;
}

/** SQLSTATE of a setting that the user may not change. */
const REFUSED = '42501';

/** Whether the user of `session` may act as a replica (facts D10, E5): tried, and taken back. */
export async function mayActAsReplica(session: Session): Promise<boolean> {
  try {
    await session.transaction(() => session.execute(silenceEvents));
    return true;
  } catch (error) {
    if (error instanceof NotReady || sqlStateOf(error) !== REFUSED) throw error;
    return false;
  }
}

/** Chooses. Secondary indexes go for the speed of a full load alone; a task that only follows finds rows by them. */
export function chooseWay(facts: {
  readonly replicaAllowed: boolean;
  readonly form: TaskForm;
  /** @default true for a full load */
  readonly dropIndexes?: boolean;
}): Way {
  const { replicaAllowed, form, dropIndexes = form === 'full-load-and-cdc' } = facts;
  const kinds = OBSTACLE_KINDS.filter(
    (kind) => (kind !== 'index' || dropIndexes) && (kind !== 'foreign key' || !replicaAllowed),
  );
  const why = replicaAllowed
    ? 'the DMS user may set session_replication_role, so foreign keys and ordinary triggers stay, and what fires in replicas too is switched off'
    : 'the DMS user may not set session_replication_role, so foreign keys are dropped, triggers and rules switched off';
  const indexes = dropIndexes ? 'secondary indexes are dropped for the load' : 'secondary indexes stay';
  return { way: replicaAllowed ? 'replica' : 'removal', kinds, reason: `${why}; ${indexes}` };
}
