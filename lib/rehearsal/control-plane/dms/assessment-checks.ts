/** Individual premigration assessments that the stand-in knows, by their API keys (user guide, "PostgreSQL assessments"). */
import type { Client } from 'pg';
import { listSourceTables, type SourceTable } from './move/source-tables';
import type { Task } from './task';

/** What an assessment finds. */
export type AssessmentStatus = 'passed' | 'failed' | 'warning' | 'error';

/** What a check looks at. */
export interface AssessmentScene {
  readonly task: Task;
  readonly source: Client;
  readonly target: Client;
  readonly tables: readonly SourceTable[];
}

type Check = (scene: AssessmentScene) => Promise<boolean> | boolean;

/** A check, and what it says when it does not hold. */
interface Assessment {
  readonly holds: Check;
  readonly otherwise: 'failed' | 'warning';
  /** Whether it concerns tasks that load, tasks that follow changes, or both. */
  readonly of: 'load' | 'changes' | 'both';
}

const setting = (name: string, holds: (value: string) => boolean): Check => {
  return async ({ source }) => {
    const { rows } = await source.query<{ setting: string }>(
      'select setting from pg_catalog.pg_settings where name = $1',
      [name],
    );
    return holds(rows[0]?.setting ?? '');
  };
};

const hasKeys: Check = ({ tables }) => tables.every(({ key }) => key.length > 0);

const ASSESSMENTS: Readonly<Record<string, Assessment>> = {
  'unsupported-data-types-in-source': {
    holds: ({ tables }) => tables.every(({ columns }) => columns.every(({ kind }) => kind !== 'unsupported')),
    otherwise: 'failed',
    of: 'both',
  },
  'full-lob-not-nullable-at-target': { holds: lobsAreNullable, otherwise: 'failed', of: 'load' },
  'table-with-lob-but-without-primary-key-or-unique-constraint': {
    holds: ({ tables }) =>
      tables.every(({ key, columns }) => key.length > 0 || !columns.some(({ kind }) => kind === 'lob')),
    otherwise: 'warning',
    of: 'both',
  },
  'table-with-no-primary-key-or-unique-constraint': { holds: hasKeys, otherwise: 'warning', of: 'both' },
  'postgres-check-pk': { holds: hasKeys, otherwise: 'failed', of: 'changes' },
  'postgres-check-pk-lob': {
    holds: ({ tables }) =>
      tables.every(({ key, columns }) => !columns.some(({ name, kind }) => kind === 'lob' && key.includes(name))),
    otherwise: 'failed',
    of: 'both',
  },
  'postgres-check-session-replication-role': { holds: isReplica, otherwise: 'warning', of: 'load' },
  'postgres-check-target-secondary-indexes': { holds: hasNoSecondaryIndexes, otherwise: 'warning', of: 'load' },
  'postgres-check-wallevel': {
    holds: setting('wal_level', (value) => value === 'logical'),
    otherwise: 'failed',
    of: 'changes',
  },
  'postgres-check-maxwalsenders': {
    holds: setting('max_wal_senders', (value) => Number(value) > 1),
    otherwise: 'failed',
    of: 'changes',
  },
  'postgres-check-walsenderstimeout': {
    holds: setting('wal_sender_timeout', (value) => value === '0' || Number(value) >= 10_000),
    otherwise: 'failed',
    of: 'changes',
  },
  'postgres-check-maxslot-wal-keep-size': {
    holds: setting('max_slot_wal_keep_size', (value) => value === '-1'),
    otherwise: 'warning',
    of: 'changes',
  },
  'postgres-check-replication-slots-count': { holds: hasFreeSlot, otherwise: 'failed', of: 'changes' },
  'postgres-check-preparedtxn': {
    holds: async ({ source }) => (await source.query('select from pg_catalog.pg_prepared_xacts')).rowCount === 0,
    otherwise: 'failed',
    of: 'changes',
  },
  'postgres-check-longrunningtxn': { holds: hasNoLongTransaction, otherwise: 'warning', of: 'changes' },
  'postgres-check-select-object-privileges': { holds: maySelect, otherwise: 'failed', of: 'load' },
};

/** API keys of the assessments that apply to a task. */
export function applicableAssessments(task: Task): readonly string[] {
  return Object.entries(ASSESSMENTS)
    .filter(
      ([, { of }]) =>
        of === 'both' || task.type === 'full-load-and-cdc' || (task.type === 'cdc') === (of === 'changes'),
    )
    .map(([name]) => name);
}

/** Whether an assessment exists at all. */
export function isAssessment(name: string): boolean {
  return name in ASSESSMENTS;
}

/** Looks at both sides; an error of the look itself is told as `error`. */
export async function assess(name: string, scene: AssessmentScene): Promise<AssessmentStatus> {
  const assessment = ASSESSMENTS[name];
  if (!assessment) return 'error';
  try {
    return (await assessment.holds(scene)) ? 'passed' : assessment.otherwise;
  } catch {
    return 'error';
  }
}

/** The tables that a task selects, for its assessments. */
export function tablesOf(task: Task, source: Client): Promise<readonly SourceTable[]> {
  return listSourceTables(source, task.mappings);
}

async function lobsAreNullable({ task, target, tables }: AssessmentScene): Promise<boolean> {
  if (task.settings.lob.mode !== 'full') return true;
  const { rows } = await target.query<{ schema: string; table: string; column: string }>(
    `select n.nspname as schema, c.relname as table, a.attname as column
       from pg_catalog.pg_attribute a
       join pg_catalog.pg_class c on c.oid = a.attrelid
       join pg_catalog.pg_namespace n on n.oid = c.relnamespace
      where c.relkind in ('r', 'p') and a.attnum > 0 and a.attnotnull`,
  );
  const required = new Set(rows.map(({ schema, table, column }) => JSON.stringify([schema, table, column])));
  return tables.every(({ schema, table, columns }) =>
    columns.every(({ name, kind }) => kind !== 'lob' || !required.has(JSON.stringify([schema, table, name]))),
  );
}

async function isReplica({ target }: AssessmentScene): Promise<boolean> {
  const { rows } = await target.query<{ role: string }>("select current_setting('session_replication_role') as role");
  return rows[0]?.role === 'replica';
}

async function hasNoSecondaryIndexes({ target, tables }: AssessmentScene): Promise<boolean> {
  const { rows } = await target.query<{ schema: string; table: string }>(
    `select n.nspname as schema, c.relname as table
       from pg_catalog.pg_index i
       join pg_catalog.pg_class c on c.oid = i.indrelid
       join pg_catalog.pg_namespace n on n.oid = c.relnamespace
      where not i.indisprimary`,
  );
  const indexed = new Set(rows.map(({ schema, table }) => JSON.stringify([schema, table])));
  return !tables.some(({ schema, table }) => indexed.has(JSON.stringify([schema, table])));
}

async function hasFreeSlot({ source, task }: AssessmentScene): Promise<boolean> {
  if (task.source.settings.slotName !== null) return true;
  const { rows } = await source.query<{ free: string }>(
    `select (current_setting('max_replication_slots')::int - count(*))::text as free from pg_catalog.pg_replication_slots`,
  );
  return Number(rows[0]?.free) > 0;
}

async function hasNoLongTransaction({ source }: AssessmentScene): Promise<boolean> {
  const { rowCount } = await source.query(
    "select from pg_catalog.pg_stat_activity where xact_start < now() - interval '10 minutes'",
  );
  return rowCount === 0;
}

async function maySelect({ source, tables }: AssessmentScene): Promise<boolean> {
  for (const { schema, table } of tables) {
    const name = `${source.escapeIdentifier(schema)}.${source.escapeIdentifier(table)}`;
    const { rows } = await source.query<{ may: string }>("select has_table_privilege($1, 'select')::text as may", [
      name,
    ]);
    if (rows[0]?.may !== 'true') return false;
  }
  return true;
}
