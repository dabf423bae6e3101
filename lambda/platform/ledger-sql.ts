/** Every statement of the ledger: schema `sealift` in each database of the source and of the target (design section 4). */
import type { Phase } from '../contract';
import { LEDGER_SCHEMA } from './names';
import type { Side, Statement } from './postgres';

const S = LEDGER_SCHEMA;

/** The ledger's tables, closed to PUBLIC; each statement can run again. */
export const createLedger: readonly Statement[] = [
  { text: `create schema if not exists ${S}` },
  { text: `revoke all on schema ${S} from public` },
  {
    text: `create table if not exists ${S}.migration (
      migration_id text primary key,
      side text not null check (side in ('source', 'target')),
      phase text not null,
      epoch bigint not null,
      execution text not null,
      system_identifier text not null,
      facts jsonb not null default '{}',
      updated_at timestamptz not null default clock_timestamp())`,
  },
  {
    text: `create table if not exists ${S}.marker (
      id text primary key,
      kind text not null,
      epoch bigint not null,
      execution text not null,
      written_at timestamptz not null default clock_timestamp())`,
  },
  {
    text: `create table if not exists ${S}.undo (
      kind text not null,
      object text not null,
      prior jsonb not null,
      recorded_at timestamptz not null default clock_timestamp(),
      primary key (kind, object))`,
  },
  {
    text: `create table if not exists ${S}.work (
      queue text not null,
      item bigint generated always as identity,
      payload jsonb not null,
      state text not null default 'open' check (state in ('open', 'done', 'again')),
      attempts integer not null default 0,
      result jsonb,
      updated_at timestamptz not null default clock_timestamp(),
      primary key (queue, item))`,
  },
  {
    // A claim takes the first open item: without it, a queue of 20,000 is sorted for each. Looked for first, because CREATE INDEX
    // waits for whoever is at work before it finds that there is one.
    text: `do $$ begin
      if to_regclass('${S}.work_open') is null then
        create index work_open on ${S}.work (queue, attempts, item) where state = 'open';
      end if;
    end $$`,
  },
  {
    text: `create table if not exists ${S}.quarantine (
      id bigint generated always as identity primary key,
      kind text not null check (kind in ('row', 'page')),
      relation text not null,
      place text not null,
      version text not null,
      columns jsonb not null,
      unreadable jsonb not null,
      reason text not null,
      execution text not null,
      quarantined_at timestamptz not null default clock_timestamp(),
      unique (kind, relation, place, version))`,
  },
];

/** Removes the ledger and all that it says. */
export const dropLedger: Statement = { text: `drop schema if exists ${S} cascade` };

/** Removes the ledger but the quarantine, which holds the only copy of what was removed from the customer's tables. */
export const dropLedgerButQuarantine: Statement = {
  text: `drop table if exists ${S}.migration, ${S}.marker, ${S}.undo, ${S}.work`,
};

/** True when something was saved in quarantine. */
export const quarantineHolds: Statement = { text: `select exists (select from ${S}.quarantine) as holds` };

/** True when the database has a ledger. */
export const ledgerExists: Statement = { text: `select to_regclass('${S}.migration') is not null as present` };

/** The row of a migration, unlocked. */
export function selectMigration(migrationId: string): Statement {
  return {
    text: `select migration_id, side, phase, epoch::text as epoch, execution, system_identifier, facts
      from ${S}.migration where migration_id = $1`,
    values: [migrationId],
  };
}

/** The row of a migration, locked until the transaction ends. */
export function lockMigration(migrationId: string): Statement {
  const { text, values } = selectMigration(migrationId);
  return { text: `${text} for update`, values };
}

/** The row of a migration, kept from changing until the transaction ends; several may keep it at once. */
export function holdMigration(migrationId: string): Statement {
  const { text, values } = selectMigration(migrationId);
  return { text: `${text} for share`, values };
}

/** Writes the row of a migration as a whole. */
export function upsertMigration(row: {
  readonly migrationId: string;
  readonly side: Side;
  readonly phase: Phase;
  readonly epoch: string;
  readonly execution: string;
  readonly systemIdentifier: string;
}): Statement {
  return {
    text: `insert into ${S}.migration (migration_id, side, phase, epoch, execution, system_identifier)
      values ($1, $2, $3, $4, $5, $6)
      on conflict (migration_id) do update set side = excluded.side, phase = excluded.phase, epoch = excluded.epoch,
        execution = excluded.execution, system_identifier = excluded.system_identifier,
        updated_at = clock_timestamp()`,
    values: [row.migrationId, row.side, row.phase, row.epoch, row.execution, row.systemIdentifier],
  };
}

/** Sets the phase of a migration. */
export function updatePhase(migrationId: string, phase: Phase): Statement {
  return {
    text: `update ${S}.migration set phase = $2, updated_at = clock_timestamp() where migration_id = $1`,
    values: [migrationId, phase],
  };
}

/** Merges `facts` into what the ledger keeps of a migration. */
export function mergeFacts(migrationId: string, facts: object): Statement {
  return {
    text: `update ${S}.migration set facts = facts || $2::jsonb, updated_at = clock_timestamp() where migration_id = $1`,
    values: [migrationId, JSON.stringify(facts)],
  };
}

/** Keeps the first prior state of an object: a later one would be our own change. */
export function insertUndo(kind: string, object: string, prior: object): Statement {
  return {
    text: `insert into ${S}.undo (kind, object, prior) values ($1, $2, $3::jsonb) on conflict (kind, object) do nothing`,
    values: [kind, object, JSON.stringify(prior)],
  };
}

/** Prior states of one kind, newest first. */
export function selectUndo(kind: string): Statement {
  return {
    text: `select object, prior from ${S}.undo where kind = $1 order by recorded_at desc, object desc`,
    values: [kind],
  };
}

/** Every prior state, as recorded; none of them is a secret. */
export const allUndo: Statement = {
  text: `select kind, object, prior from ${S}.undo order by recorded_at, kind, object`,
};

/** Forgets a prior state that has been put back. */
export function deleteUndo(kind: string, object: string): Statement {
  return { text: `delete from ${S}.undo where kind = $1 and object = $2`, values: [kind, object] };
}

/** Writes a marker row; it travels to the target like any other row. */
export function insertMarker(marker: {
  readonly id: string;
  readonly kind: string;
  readonly epoch: string;
  readonly execution: string;
}): Statement {
  return {
    text: `insert into ${S}.marker (id, kind, epoch, execution) values ($1, $2, $3, $4) on conflict (id) do nothing`,
    values: [marker.id, marker.kind, marker.epoch, marker.execution],
  };
}

/** True when the marker has arrived. */
export function markerPresent(id: string): Statement {
  return { text: `select exists (select from ${S}.marker where id = $1) as present`, values: [id] };
}

/** Identity of the cluster; a copy keeps its source's (fault 29). */
export const systemIdentifier: Statement = {
  text: 'select system_identifier::text as "systemIdentifier" from pg_control_system()',
};
