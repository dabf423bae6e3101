/**
 * The seed: where the copy ends and the stream begins. One value is right; others lose or double transactions without an error
 * (facts A4, experiments 4). When there is no certain one, the migration stops here.
 */
import type { Output } from '../contract/payloads';
import { Blocked } from '../errors';
import type { Session } from '../platform/postgres';
import { sqlStateOf } from '../platform/postgres-error';
import { parseLsn } from '../proof/lsn';
import * as sql from './sql/adopt';

/** A seed and who said it. */
export type Seed = Output<'adopt'>;

/** Refusals of CREATE EXTENSION that only mean that it is not to be had: privilege, unknown file, unsupported, not allowed. */
const NOT_TO_BE_HAD = ['42501', '58P01', '0A000', '22023'];

/**
 * Reads the seed of a copy: by `rds_tools.logical_seed_lsn()`, else by `pg_last_wal_replay_lsn()`, which is right at the
 * copy's first start only, null after a clean restart and wrong after another recovery. Throws `Blocked` when the two differ
 * and when there is neither; the server's log, the last resort of facts A6, is out of a function's reach.
 */
export async function readSeed(home: Session<'target'>): Promise<Seed> {
  const origins = await home.one<{ hasFunction: boolean; hasExtension: boolean; replayed: string | null }>(
    sql.seedOrigins,
  );
  const told = origins.hasFunction ? await ask(home) : origins.hasExtension ? await askOnce(home) : null;
  return decideSeed(told, origins.replayed);
}

/** Chooses the seed; pure. */
export function decideSeed(told: string | null, replayed: string | null): Seed {
  if (told !== null && replayed !== null && parseLsn(told) !== parseLsn(replayed)) {
    throw new Blocked(
      `rds_tools.logical_seed_lsn() says ${told} and the copy's recovery ended at ${replayed}: the seed is not certain, ` +
        'restore the snapshot again',
    );
  }
  if (told !== null) return { seedLsn: told, seedOrigin: 'rds_tools' };
  if (replayed !== null) return { seedLsn: replayed, seedOrigin: 'replay' };
  throw new Blocked(
    'the target tells no seed: rds_tools.logical_seed_lsn() is not there and pg_last_wal_replay_lsn() is null, because the ' +
      'copy was restarted; restore the snapshot again',
  );
}

async function ask(home: Session): Promise<string> {
  return (await home.one<{ lsn: string }>(sql.rdsToolsSeed)).lsn;
}

/** Leaves no extension behind that the source does not have. */
async function askOnce(home: Session): Promise<string | null> {
  try {
    await home.execute(sql.createRdsTools);
  } catch (error) {
    if (NOT_TO_BE_HAD.includes(sqlStateOf(error) ?? '')) return null;
    throw error;
  }
  try {
    return await ask(home);
  } finally {
    await home.execute(sql.dropRdsTools);
  }
}
