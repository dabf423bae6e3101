/** Statements of `release`. */
import type { Statement } from '../../platform/postgres';
import { ident } from '../../platform/quote';

/** True when the role exists. */
export function roleExists(role: string): Statement {
  return { text: 'select exists (select from pg_roles where rolname = $1) as present', values: [role] };
}

/** Takes a role's entry into a database away. */
export function revokeConnect(database: string, role: string): Statement {
  return { text: `revoke connect on database ${ident(database)} from ${ident(role)}` };
}

/** Drops a role; fails when it owns or may use anything. */
export function dropRole(role: string): Statement {
  return { text: `drop role ${ident(role)}` };
}

/**
 * Logical slots of the migration, by the exact form of our names: a prefix alone would also find those of a migration whose
 * id begins like ours (fault 68).
 */
export function slotsNamed(pattern: string): Statement {
  return {
    text: `select slot_name as name, database, active_pid as "activePid" from pg_replication_slots
      where slot_type = 'logical' and slot_name ~ $1 order by slot_name`,
    values: [pattern],
  };
}

/** Ends the session of a process. */
export function terminate(pid: number): Statement {
  return { text: 'select pg_terminate_backend($1)', values: [pid] };
}

/** Drops a publication when it is there. */
export function dropPublicationIfPresent(name: string): Statement {
  return { text: `drop publication if exists ${ident(name)}` };
}

/** Subscriptions of the current database, without the column that holds passwords. */
export const subscriptions: Statement = {
  text: `select subname as name, pg_get_userbyid(subowner) as owner, subenabled as enabled, subslotname as slot
    from pg_subscription
    where subdbid = (select oid from pg_database where datname = current_database()) order by subname`,
};

/** Stops a subscription's workers. */
export function disableSubscription(name: string): Statement {
  return { text: `alter subscription ${ident(name)} disable` };
}

/** Parts a subscription from its slot, so that dropping it leaves the publisher alone. */
export function forgetSlot(name: string): Statement {
  return { text: `alter subscription ${ident(name)} set (slot_name = none)` };
}

/** Drops a subscription that has no slot. */
export function dropSubscription(name: string): Statement {
  return { text: `drop subscription ${ident(name)}` };
}

/** Kinds of what is recorded as changed and was not given back. */
export const undoLeft: Statement = {
  text: 'select kind, count(*)::integer as count from sealift.undo group by kind order by kind',
};

/** Those of the databases that still exist, and whether the current user may enter them. */
export function existingDatabases(databases: readonly string[]): Statement {
  return {
    text: `select datname as database, has_database_privilege(oid, 'connect') as "mayEnter" from pg_database
      where datname = any($1) order by datname`,
    values: [databases],
  };
}

/** True when a change is recorded that was not given back. */
export const anyUndo: Statement = { text: 'select exists (select from sealift.undo) as present' };
