/** The damage of `--damage`: what failing storage does to a database of the sample, in rows that the writers never touch. */
import type { PostgresServer } from '../servers/postgres-server';
import { hideFromIndex, loseToastChunks, zeroPages } from './damage';

/** The extensions that make damage visible, as a customer would install them; their functions are closed to everybody else. */
const CHECKS = `create extension amcheck with schema public; create extension pg_visibility with schema public;
  grant execute on all functions in schema public to rds_superuser`;

/** Plants all of it in the loaded sample; the server is restarted. Needs 14 or later. */
export async function damageSample(server: PostgresServer): Promise<void> {
  await server.withAdmin('catalog', async (session) => {
    await session.query(CHECKS);
    // The writers touch the first ten blobs.
    const rows = `id in (md5('blob 11')::uuid, md5('blob 12')::uuid)`;
    await loseToastChunks(session, { table: 'profiling.blob', column: 'content', where: rows });
    await hideFromIndex(session, {
      index: 'assets.annotation_asset',
      insert: `insert into assets.annotation (asset_id, body, written_at) values (1, 'no index knows me', now())`,
    });
  });
  // Nothing points at a column of an asset, and the writers only add some.
  await zeroPages(server, [{ database: 'catalog', table: 'assets.asset_column', block: 1 }]);
}
