/** What whoever follows the assessment of engine pglogical does to the sample before the migration. */
import type { PostgresServer } from '../servers/postgres-server';

/**
 * Makes the sample's deferrable constraint again without that, because pglogical's apply stops at such an index, and gives a key to the
 * one table without that the writers delete from (facts C6).
 */
export async function makeKeysPlain(server: PostgresServer): Promise<void> {
  await server.withAdmin('catalog', async (session) => {
    await session.query(`alter table assets.rating drop constraint rating_once,
      add constraint rating_once unique (asset_id, rater)`);
  });
  await server.withAdmin('lineage', async (session) => {
    await session.query(
      'alter table public.unresolved_mention add column id bigint generated always as identity primary key',
    );
  });
}
