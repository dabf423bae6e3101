/** What is done to a server from inside it. */
import type { PostgresServer } from '../servers/postgres-server';

/** The name of our slots begins so (docs/architecture.md). */
const OUR_SLOTS = 'sealift\\_%';

/** Ends the session of every client; answers how many there were. */
export async function cutConnections(server: PostgresServer): Promise<number> {
  return server.withAdmin('postgres', async (session) => {
    const { rows } = await session.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()`,
    );
    return rows.length;
  });
}

/** Ends who holds a snapshot for the copy; answers how many there were. */
export async function endSnapshotHolders(server: PostgresServer): Promise<number> {
  return server.withAdmin('postgres', async (session) => {
    const { rows } = await session.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where application_name like '%/hold-snapshot/%' and backend_type = 'walsender'`,
    );
    return rows.length;
  });
}

/** Drops Sealift's slots; one that is read cannot be dropped, and its reader comes back: so both are tried until it is gone. */
export async function dropSlots(server: PostgresServer): Promise<number> {
  return server.withAdmin('postgres', async (session) => {
    const { rows } = await session.query<{ name: string }>(
      `select slot_name as name from pg_replication_slots where slot_name like '${OUR_SLOTS}'`,
    );
    for (const { name } of rows) {
      for (let attempt = 0; attempt < 50; attempt += 1) {
        await session.query(
          'select pg_terminate_backend(active_pid) from pg_replication_slots where slot_name = $1 and active',
          [name],
        );
        const dropped = await session.query('select pg_drop_replication_slot($1)', [name]).then(
          () => true,
          () => false,
        );
        if (dropped) break;
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    }
    return rows.length;
  });
}
