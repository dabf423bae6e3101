import { openSource, type RunWorld, withSession } from './run-world';

/** Writes a row of its own on the source from time to time, so that an idle slot moves on; makes its table when it is not there. */
export async function beat(world: RunWorld): Promise<void> {
  const { heartbeat } = world.task.source.settings;
  if (heartbeat === null) return;
  await withSession(openSource(world), async (client) => {
    const table = `${client.escapeIdentifier(heartbeat.schema)}.awsdms_heartbeat`;
    await client.query("set client_min_messages = 'warning'");
    await client.query(
      `create table if not exists ${table}
         (hb_key bigint primary key, hb_created_at timestamp not null, hb_last_heartbeat_at timestamp not null)`,
    );
    // Ends with the signal; each round sleeps.
    while (!world.signal.aborted) {
      await client.query(
        `insert into ${table} values (1, now(), now()) on conflict (hb_key) do update set hb_last_heartbeat_at = now()`,
      );
      await world.clock.sleep(heartbeat.everyMinutes * 60_000, world.signal).catch(() => undefined);
    }
  });
}
