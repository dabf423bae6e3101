/**
 * A task of AWS DMS: it loads the rows of the copy road itself, and applies changes as an ordinary session of its login. The task is
 * made, watched and removed by AWS calls; here is what the two servers know of it.
 */
import * as z from 'zod';
import { Blocked } from '../../errors';
import { closeDmsLogin, dmsLogin } from '../dms-login';
import { readLedger } from '../ledger';
import { dmsPrefix, streamName } from '../names';
import type { Server } from '../postgres';
import { restoreKeysAndTriggers } from '../prepared-target/restore-target';
import type { Concluding, Engine } from './engine';

const schema = z.object({
  /** The slot on the source. */
  slot: z.string(),
  /** When the seeding began that the task belongs to, ISO. */
  since: z.string(),
  /** On the target: every table is loaded, and its indexes are back. */
  loaded: z.boolean(),
});

/** What the ledgers of a database keep of its task. */
export type DmsFacts = z.infer<typeof schema>;

/** The facts of a ledger; null when no task carries the database. */
export function dmsFactsOf(facts: Readonly<Record<string, unknown>>): DmsFacts | null {
  return schema
    .nullable()
    .catch(null)
    .parse(facts.dms ?? null);
}

/** DMS tries again so often where a connection broke (`RecoverableErrorInterval` and its throttling). */
const RETRY_SECONDS = 30;

/** The engine. */
export const DMS_ENGINE: Engine = {
  name: 'dms',
  retrySeconds: RETRY_SECONDS,
  holdsSlot: false,
  outputPlugin: 'test_decoding',
  slotOf: (_facts, migrationId, database) => streamName(migrationId, database),
  offer: async () => undefined,
  joins: false,
  join: async () => undefined,
  assertCapacity: async () => undefined,
  followerName: dmsPrefix,
  // Nobody is told to open what was closed: it is gone (see `state`).
  enableCommand: () => 'select 1',
  follow: async (session) => {
    throw new Blocked(
      `the DMS task of target database ${JSON.stringify(session.database)} has not loaded every table, let it load first`,
    );
  },
  follows: async (session, migrationId) =>
    dmsFactsOf((await readLedger(session, migrationId))?.facts ?? {})?.loaded === true,
  // DMS connects anew by itself.
  wake: async () => undefined,
  conclude,
  state: async (session, migrationId) => {
    const login = await dmsLogin(session, migrationId);
    // One that was closed is never opened again: what came back behind it would act on every change.
    return login?.enabled === true ? { ...login, failures: null } : null;
  },
};

/**
 * Closes the login, then brings back keys, triggers and rules: what a late apply did behind that would fire twice. What was closed
 * stays closed when the source is given back: the migration begins anew.
 */
async function conclude(target: Server<'target'>, database: string, { world, expected }: Concluding): Promise<void> {
  await closeDmsLogin(await target.session(database), expected.migrationId);
  const { done } = await restoreKeysAndTriggers(target, { database, expected }, world);
  if (done) return;
  throw new Blocked(
    `foreign keys and triggers of target database ${JSON.stringify(database)} were not back in time; give cutovers a longer budget`,
  );
}
