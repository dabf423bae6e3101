/** What the arena says to its servers as RDS's administrator: how a case begins, and how it is forgotten. */
import { MASTER, MIGRATION_ID } from '../seed/stage';

/** In database `app` of the source, before it is copied: where applications write, and whom the master user may act as. */
export const makeAttempts = `create table attempts (n bigint primary key, place text not null);
  alter table attempts owner to app_owner;
  grant insert on attempts to app_writer`;

/** At home of the source, before it is copied: every flip is noted by whoever makes it. */
export const makeFlips = `grant app_owner to ${MASTER.username} with inherit true, set true;
  alter role app_writer connection limit 50;
  alter role "Odd Owner" connection limit 7;
  create table flips (at timestamptz not null default clock_timestamp(), epoch bigint not null);
  create function note_flip() returns trigger language plpgsql security definer set search_path = public as
    $$ begin insert into flips (epoch) values (new.epoch); return new; end $$`;

/** At home: the ledger stands where the target follows the source, and flips are noted. */
export function beginAtHome(place: 'source' | 'target', epoch: string, execution: string): string {
  return `${rowOf(place, epoch, execution)};
    create trigger note_flip after update on sealift.migration for each row
      when (new.side = 'target' and new.phase = 'flipped' and old.phase <> 'flipped') execute function note_flip()`;
}

/** The ledger's row in any database. */
export function rowOf(place: 'source' | 'target', epoch: string, execution: string): string {
  return `insert into sealift.migration (migration_id, side, phase, epoch, execution, system_identifier)
      select '${MIGRATION_ID}', '${place}', 'replicating', ${epoch}, '${execution}', system_identifier::text from pg_control_system()
      on conflict (migration_id) do update set phase = excluded.phase`;
}

/** In a database of the source: the stream forth publishes what applications write. */
export function publishForth(stream: string): string {
  return `create publication ${stream} for table attempts, sealift.marker; alter publication ${stream} owner to ${MASTER.username}`;
}

/** At home: whoever still works for the migration is ended. */
export const endSessions = `select pg_terminate_backend(pid, 5000) from pg_stat_activity
  where starts_with(application_name, 'sealift/') and pid <> pg_backend_pid()`;

/** In a database: subscriptions, publications and the ledger are gone, and what the role of the replication may do. */
export const forgetInDatabase = `do $$ declare found record; begin
    for found in select subname as name from pg_subscription s join pg_database d on d.oid = s.subdbid
      where d.datname = current_database() loop
      execute format('alter subscription %I disable', found.name);
      execute format('alter subscription %I set (slot_name = none)', found.name);
      execute format('drop subscription %I', found.name);
    end loop;
    for found in select pubname as name from pg_publication loop execute format('drop publication %I', found.name); end loop;
    for found in select rolname as name from pg_roles where rolname ~ '^sealift_' loop
      execute format('drop owned by %I', found.name);
    end loop;
  end $$;
  drop schema if exists sealift cascade`;

/** At home, after every database: slots, roles and flips are gone, and applications may log in. */
export const forgetAtHome = `do $$ declare found record; begin
    for found in select slot_name as name, active_pid as pid from pg_replication_slots where slot_name ~ '^sealift_' loop
      perform pg_terminate_backend(found.pid, 5000) where found.pid is not null;
      perform pg_drop_replication_slot(found.name);
    end loop;
    for found in select rolname as name from pg_roles where rolname ~ '^sealift_' loop
      execute format('drop role %I', found.name);
    end loop;
  end $$;
  truncate flips;
  alter role app_writer login connection limit 50;
  alter role "Odd Owner" login connection limit 7`;

/** At home: whether there is a ledger. */
export const ledgerThere = `select to_regclass('sealift.migration') is not null as there`;

/** At home: where the ledger stands. */
export const stand = `select side, phase, epoch::text as epoch, execution, coalesce((facts->>'turned')::boolean, false) as turned
  from sealift.migration`;

/** Roles of applications, with what a fence must give back exactly. */
export const applicationRoles = `select rolname, rolcanlogin, rolconnlimit from pg_roles
  where rolname !~ '^(pg_|rds|sealift_)' order by 1`;

/** Ends backends, and returns when they are gone. */
export const endBackends = 'select pg_terminate_backend(pid, 5000) from unnest($1::int[]) pid';
