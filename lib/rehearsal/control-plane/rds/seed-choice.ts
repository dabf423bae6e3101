import type { PostgresServer } from '../../servers/postgres-server';

/** What is known at the first start of a restored instance, for a decision on its seed function. */
export interface SeedContext {
  readonly instanceId: string;
  /** The end of the last WAL record that the copy replayed: the only right answer. */
  readonly replayLsn: string;
  /** The restored server, running. */
  readonly server: PostgresServer;
  /** Lines of the restored server's log, for what recovery said. */
  readonly log: string;
}

/** Decides what `rds_tools.logical_seed_lsn()` answers; tests rehearse wrong seeds with it. */
export type ChooseSeedLsn = (context: SeedContext) => string | Promise<string>;

/**
 * Where a wrong seed comes from, by the ways that people read it:
 *
 * - `replay`: right, the end of the last replayed record
 * - `redo-done`: the LSN after `redo done at` in the server log, which is the *beginning* of the last record
 * - `confirmed-flush`: the lowest `confirmed_flush_lsn` of the logical slots that came with the copy
 */
export const SEED_CHOICES: Readonly<Record<'replay' | 'redo-done' | 'confirmed-flush', ChooseSeedLsn>> = {
  replay: ({ replayLsn }) => replayLsn,
  'redo-done': ({ log, instanceId }) => {
    const found = [...log.matchAll(/redo done at ([0-9A-F]+\/[0-9A-F]+)/g)].at(-1)?.[1];
    if (!found) throw new Error(`no "redo done at" in the log of ${instanceId}: its copy needed no recovery`);
    return found;
  },
  'confirmed-flush': ({ server, instanceId }) =>
    server.withAdmin('postgres', async (session) => {
      const result = await session.query<{ lsn: string | null }>(
        "select min(confirmed_flush_lsn)::text as lsn from pg_replication_slots where slot_type = 'logical'",
      );
      const lsn = result.rows[0]?.lsn;
      if (!lsn) throw new Error(`instance ${instanceId} has no logical slot to take a seed from`);
      return lsn;
    }),
};
