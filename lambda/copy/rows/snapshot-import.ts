/** Transactions that see the source exactly as it was at the slot's consistent point. */
import type { Session } from '../../platform/postgres';
import { sqlStateOf } from '../../platform/postgres-error';
import { importSnapshot } from './sql/holder';

/**
 * How PostgreSQL says that nobody holds the snapshot any more: its file is gone (22023; 42704 from 16 on), or its transaction
 * ended a moment ago (55000).
 */
const GONE = ['22023', '42704', '55000'];

/** The snapshot that the copy began with ended: with the holder's backend, or with the server. */
export class SnapshotGone extends Error {
  override readonly name = 'SnapshotGone';
}

/** Runs `work` under the snapshot. Throws `SnapshotGone` when nobody holds it. */
export function underSnapshot<T>(source: Session<'source'>, snapshot: string, work: () => Promise<T>): Promise<T> {
  return source.transaction(async () => {
    try {
      await source.query(importSnapshot(snapshot));
    } catch (error) {
      if (!GONE.includes(sqlStateOf(error) ?? '')) throw error;
      throw new SnapshotGone(`snapshot ${snapshot} of database ${JSON.stringify(source.database)} is held no more`, {
        cause: error,
      });
    }
    return work();
  }, 'isolation level repeatable read read only');
}
