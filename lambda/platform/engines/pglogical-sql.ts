/** Every statement that speaks to pglogical 2.4; only its documented functions write, its tables are read alone. */
import type { Statement } from '../postgres';
import { ident, literal, qualified } from '../quote';

/** Schema of the extension, which insists on it. */
export const PGLOGICAL = 'pglogical';

/** Name of the parameter in which a connection string travels, because a statement's text may be logged (security 39). */
const HANDED = 'sealift.connection';

/** Whether the extension is installed in the present database, and its schema. */
export const extensionFacts: Statement = {
  text: `select exists (select from pg_extension where extname = '${PGLOGICAL}') as installed,
      to_regnamespace('${PGLOGICAL}') is not null as "hasSchema"`,
};

/** Installs the extension; the library must have been loaded at the server's start. */
export const createExtension: Statement = { text: `create extension ${PGLOGICAL}` };

/** Takes the extension away; its nodes, sets and subscriptions are gone before. */
export const dropExtension: Statement = { text: `drop extension ${PGLOGICAL}` };

/** Takes the extension's schema away, which it leaves behind (facts C20). */
export const dropSchema: Statement = { text: `drop schema ${PGLOGICAL}` };

/** Name of the present database's node; no row when it has none. */
export const localNode: Statement = {
  text: `select n.node_name as name from ${PGLOGICAL}.local_node l join ${PGLOGICAL}.node n using (node_id)`,
};

/** Hands a connection string to the next statement of the same transaction, as a value. */
export function handConnection(connection: string): Statement {
  return { text: `select set_config('${HANDED}', $1, true) is null as handed`, values: [connection] };
}

/** Makes the present database's node, with the connection that was handed. */
export function createNode(name: string): Statement {
  return silent(`perform ${PGLOGICAL}.create_node(${literal(name)}, current_setting('${HANDED}'));`);
}

/** Takes the node away, and with it every pglogical slot of the database (`pglogical_drop_node`). */
export function dropNode(name: string): Statement {
  return { text: `select ${PGLOGICAL}.drop_node($1, true)`, values: [name] };
}

/** Slots of pglogical in the present database. */
export const pglogicalSlots: Statement = {
  text: `select slot_name::text as name from pg_replication_slots
    where plugin in ('pglogical_output', 'pglogical') and database = current_database() order by 1`,
};

/** Name that pglogical gives the slot of a subscription. */
export function slotNameFor(node: string, subscription: string): Statement {
  return {
    text: `select ${PGLOGICAL}.pglogical_gen_slot_name(current_database(), $1, $2)::text as slot`,
    values: [node, subscription],
  };
}

/** True when the local node has a set of that name. */
export function setExists(name: string): Statement {
  return {
    text: `select exists (select from ${PGLOGICAL}.replication_set s join ${PGLOGICAL}.local_node l on l.node_id = s.set_nodeid
      where s.set_name = $1) as present`,
    values: [name],
  };
}

/** Makes a replication set: of every change, or of new rows alone. */
export function createSet(name: string, changes: 'all' | 'inserts'): Statement {
  const all = changes === 'all';
  return {
    text: `select ${PGLOGICAL}.create_replication_set($1, replicate_insert := true, replicate_update := $2,
      replicate_delete := $2, replicate_truncate := $2)`,
    values: [name, all],
  };
}

/** Takes a set away with its entries; the tables stay as they are. */
export function dropSet(name: string): Statement {
  return { text: `select ${PGLOGICAL}.drop_replication_set($1, true)`, values: [name] };
}

/** Tables of the local node's sets of those names. */
export function tablesOfSets(names: readonly string[]): Statement {
  return {
    text: `select n.nspname::text as schema, c.relname::text as name, s.set_name::text as set
      from ${PGLOGICAL}.replication_set_table t
      join ${PGLOGICAL}.replication_set s on s.set_id = t.set_id
      join ${PGLOGICAL}.local_node l on l.node_id = s.set_nodeid
      join pg_class c on c.oid = t.set_reloid join pg_namespace n on n.oid = c.relnamespace
      where s.set_name = any ($1)`,
    values: [names],
  };
}

/** Adds a table to a set; it waits for whoever writes to the table, and gives it a trigger for TRUNCATE (facts C18). */
export function addTable(set: string, schema: string, name: string): Statement {
  return {
    text: `select ${PGLOGICAL}.replication_set_add_table($1, $2::regclass, false)`,
    values: [set, qualified(schema, name)],
  };
}

/** The trigger that tells pglogical of a TRUNCATE; no row when the table has none. */
export function truncateTrigger(schema: string, name: string): Statement {
  return {
    text: `select t.tgname::text as trigger from pg_trigger t
      where t.tgrelid = to_regclass($1) and t.tgfoid = to_regproc('${PGLOGICAL}.queue_truncate')`,
    values: [qualified(schema, name)],
  };
}

/** Takes a trigger off a table. */
export function dropTrigger(trigger: string, schema: string, name: string): Statement {
  return { text: `drop trigger ${ident(trigger)} on ${qualified(schema, name)}` };
}

/** True when a role may use the extension's schema. */
export function mayUseSchema(role: string): Statement {
  return { text: `select has_schema_privilege($1, '${PGLOGICAL}', 'usage') as allowed`, values: [role] };
}

/** Lets a role call the extension's functions, by which a subscriber asks its provider who it is. */
export function grantUsage(role: string): Statement {
  return { text: `grant usage on schema ${PGLOGICAL} to ${ident(role)}` };
}

/** The same, taken back. */
export function revokeUsage(role: string): Statement {
  return { text: `revoke usage on schema ${PGLOGICAL} from ${ident(role)}` };
}

/** Whether a subscription of that name exists. */
export function findSubscription(name: string): Statement {
  return { text: `select 1 as found from ${PGLOGICAL}.subscription where sub_name = $1`, values: [name] };
}

/** Slots that subscriptions of ours in the present database read from. */
export const ownSlots: Statement = {
  text: `select sub_slot_name::text as slot from ${PGLOGICAL}.subscription where sub_name ~ '^sealift_[0-9a-f]{8}$'`,
};

/** Drops origins whose name matches and that nobody uses; they outlive their database (facts B19). */
export function dropOrigins(pattern: string): Statement {
  return {
    text: 'select pg_replication_origin_drop(roname) from pg_replication_origin where roname ~ $1',
    values: [pattern],
  };
}

/** A subscription and how it stands; never its connection. */
export function subscriptionFacts(name: string): Statement {
  return {
    text: `select s.status, s.slot_name as slot, s.provider_node as provider, coalesce(s.replication_sets, '{}') as sets,
        exists (select from ${PGLOGICAL}.local_sync_status y join ${PGLOGICAL}.subscription x on x.sub_id = y.sync_subid
          where x.sub_name = $1 and y.sync_relname is null and y.sync_status = 'r') as ready,
        exists (select from pg_replication_origin_status o join pg_replication_origin r on r.roident = o.local_id
          where r.roname = s.slot_name) as "hasOrigin"
      from ${PGLOGICAL}.subscription k
      cross join lateral ${PGLOGICAL}.show_subscription_status(k.sub_name) s
      where k.sub_name = $1`,
    values: [name],
  };
}

/**
 * Makes a subscription that copies nothing, is told nothing that its provider got by replication, and subscribes to no set yet, with
 * the connection that was handed; the worker makes slot and origin at once.
 */
export function createSubscription(name: string): Statement {
  return silent(`perform ${PGLOGICAL}.create_subscription(${literal(name)}, current_setting('${HANDED}'),
      replication_sets := '{}', synchronize_structure := false, synchronize_data := false, forward_origins := '{}');`);
}

/** Stops the worker of a subscription; outside a transaction. */
export function disableSubscription(name: string): Statement {
  return { text: `select ${PGLOGICAL}.alter_subscription_disable($1, true)`, values: [name] };
}

/** Lets a subscription run. */
export function enableSubscription(name: string): Statement {
  return { text: `select ${PGLOGICAL}.alter_subscription_enable($1)`, values: [name] };
}

/** Subscribes to one more set. */
export function addSet(subscription: string, set: string): Statement {
  return { text: `select ${PGLOGICAL}.alter_subscription_add_replication_set($1, $2)`, values: [subscription, set] };
}

/** Takes a subscription away with its origin, and its slot where the provider answers. */
export function dropSubscription(name: string): Statement {
  return { text: `select ${PGLOGICAL}.drop_subscription($1, true)`, values: [name] };
}

/** Sets where a subscription begins: transactions whose commit starts before are skipped (facts C17). */
export function advanceOrigin(slot: string, startLsn: string): Statement {
  return { text: 'select pg_replication_origin_advance($1, $2::pg_lsn)', values: [slot, startLsn] };
}

/** Workers of pglogical that run in the present database for `slot`'s subscription, by their name's beginning. */
export const applyWorkers: Statement = {
  text: `select count(*)::integer as running from pg_stat_activity
    where datname = current_database() and backend_type like '${PGLOGICAL} apply%'`,
};

/** What the server can run, and what conflicts do. */
export const capacity: Statement = {
  text: `select current_setting('max_worker_processes')::integer as "workerProcesses",
      coalesce(current_setting('max_active_replication_origins', true),
        current_setting('max_replication_slots'))::integer as origins,
      current_setting('pglogical.conflict_resolution', true) as "conflictResolution",
      current_setting('track_commit_timestamp') as "trackCommitTimestamp"`,
};

/** Statement logs and errors of the server quote a statement and its context: a connection holds a password (security 39). */
function silent(body: string): Statement {
  return {
    text: `do $block$
      begin
        ${body}
      exception when others then
        raise exception using errcode = sqlstate, message = sqlerrm;
      end $block$`,
  };
}
