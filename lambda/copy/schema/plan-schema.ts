/** Decides everything about the schema of one database and queues it on the target, before anything is made there. */
import { Blocked } from '../../errors';
import { assertCurrent, type Expectation, lockExpected } from '../../platform/ledger';
import { mergeFacts } from '../../platform/ledger-sql';
import type { DumpLimits } from '../../platform/pg-dump-bridge';
import type { Server, Session } from '../../platform/postgres';
import { countQueue, enqueue } from '../../platform/queue';
import { adoptedRoles } from './adopted-roles';
import type { Entry } from './entries';
import { type InstalledExtension, type OfferedExtension, planExtensions } from './extensions';
import type { LeftOut } from './filter';
import { AFTER_ROWS, BEFORE_ROWS, itemsOf, type Placed, type Queues, STAGES } from './items';
import { readSchema } from './read-schema';
import { installedExtensions, offeredExtensions } from './sql/extensions';
import { type Analyzed, analyze, analyzedRelations, filledViews, partitionedTables, refresh } from './sql/items';
import { createInDatabase, createInSchema, rolesWithoutCreate, traits } from './sql/openings';

/** OID of the catalogue of relations, the same in every version. */
const PG_CLASS = '1259';

/** How a schema is planned. */
export interface PlanOptions {
  readonly database: string;
  readonly limits: DumpLimits;
  /** Extensions that the configuration leaves out. */
  readonly skipExtensions: readonly string[];
  /** The migration's own publication on the source. @default none */
  readonly ownPublication?: string;
  /** Name of an exported snapshot of the source. */
  readonly snapshot?: string;
}

/** The plan of a schema. */
export interface SchemaPlan extends Queues {
  /** What the target will not have as the source has it: told before anything is made. */
  readonly leftOut: readonly LeftOut[];
}

/** Reads both sides and changes nothing. Throws `Blocked` when something cannot come along that rows depend on. */
export async function planSchema(source: Server, target: Server, options: PlanOptions): Promise<SchemaPlan> {
  const { database } = options;
  const [from, to] = await Promise.all([source.session(database), target.session(database)]);
  const { superuser } = await to.one<{ superuser: boolean }>(traits);
  const { kept, leftOut } = await readSchema(source, { ...options, target: { superuser } });
  const installed = await from.query<InstalledExtension>(installedExtensions);
  const offered = await to.query<OfferedExtension>(offeredExtensions(installed.map(({ name }) => name)));
  const extensions = planExtensions(database, installed, offered, options.skipExtensions);
  const partitioned = await from.query<{ relation: string }>(partitionedTables);
  const views = await from.query<{ relation: string }>(filledViews);
  const analyzed = await from.query<Analyzed>(analyzedRelations);
  const made = new Set(kept.flatMap(({ catalogId }) => (catalogId?.catalog === PG_CLASS ? [catalogId.oid] : [])));
  const lent = superuser ? { before: [], after: [] } : await lentRights(to, kept);
  const queues = itemsOf(
    kept,
    {
      partitioned: new Set(partitioned.map(({ relation }) => relation)),
      bytes: new Map(analyzed.flatMap(({ relation, bytes }) => (bytes === null ? [] : [[relation, Number(bytes)]]))),
    },
    {
      before: [...lent.before, ...extensions.statements],
      after: [
        ...lent.after,
        ...refreshes(views.map(({ relation }) => relation)),
        ...statistics(analyzed.filter(({ oid, partition }) => made.has(oid) && !partition)),
      ],
    },
  );
  return { ...queues, leftOut: [...leftOut, ...extensions.leftOut] };
}

/** The plan of a schema that is queued; null when none is. */
export async function queuedSchema(
  target: Server<'target'>,
  database: string,
  expected: Expectation,
): Promise<{ readonly items: number; readonly leftOut: readonly LeftOut[] } | null> {
  const ledger = await target.session(database);
  const { facts } = await assertCurrent(ledger, expected);
  if (facts.schemaLeftOut === undefined) return null;
  const counts = await Promise.all(
    [BEFORE_ROWS, AFTER_ROWS].map((queue) => ledger.one<{ items: number }>(countQueue(queue))),
  );
  return { items: counts.reduce((sum, { items }) => sum + items, 0), leftOut: facts.schemaLeftOut as LeftOut[] };
}

/** Queues a plan in the target's ledger, once: one that is there already stays as it is. Returns whether it was queued now. */
export async function queueSchema(
  target: Server<'target'>,
  database: string,
  plan: SchemaPlan,
  expected: Expectation,
): Promise<boolean> {
  const ledger = await target.session(database);
  return ledger.transaction(async () => {
    const { facts } = await lockExpected(ledger, expected);
    if (facts.schemaLeftOut !== undefined) return false;
    for (const [queue, payloads] of [
      [BEFORE_ROWS, plan.before],
      [AFTER_ROWS, plan.after],
    ] as const) {
      for (let at = 0; at < payloads.length; at += 100) {
        await ledger.execute(enqueue(queue, payloads.slice(at, at + 100)));
      }
    }
    await ledger.execute(mergeFacts(expected.migrationId, { schemaLeftOut: plan.leftOut }));
    return true;
  });
}

/** Rights that owners need while objects are made and given away; see `sql/openings.ts`. */
async function lentRights(to: Session, entries: readonly Entry[]): Promise<{ before: Placed[]; after: Placed[] }> {
  const { owners, inSchemas } = adoptedRoles(entries);
  const without = await to.query<{ role: string; missing: boolean }>(rolesWithoutCreate(owners));
  const missing = without.filter((role) => role.missing).map(({ role }) => role);
  if (missing.length > 0) {
    throw new Blocked(`roles ${missing.join(', ')} own objects and are not on the target, make the roles first`);
  }
  const right = (stage: number, object: string, text: string): Placed => ({
    stage,
    what: 'object',
    object,
    text,
    locks: null,
  });
  const both = (verb: 'grant' | 'revoke'): [Placed[], Placed[]] => [
    without.map(({ role }) =>
      right(
        verb === 'grant' ? STAGES.openings : STAGES.closings,
        `right of role ${role}`,
        createInDatabase(verb, to.database, role),
      ),
    ),
    inSchemas.map(({ schema, role }) =>
      right(
        verb === 'grant' ? STAGES.openedSchemas : STAGES.closings,
        `right of role ${role} in schema ${schema}`,
        createInSchema(verb, schema, role),
      ),
    ),
  ];
  return { before: both('grant').flat(), after: both('revoke').flat() };
}

/** What only rows make possible. */
function refreshes(views: readonly string[]): Placed[] {
  return views.map(
    (relation): Placed => ({
      stage: STAGES.refreshes,
      what: 'object',
      object: `materialized view ${relation}`,
      text: refresh(relation),
      locks: ['*'],
    }),
  );
}

/** Each table that is made is analyzed behind its indexes; what needs the last objects or other tables' rows, at the end. */
function statistics(analyzed: readonly Analyzed[]): Placed[] {
  return analyzed.map(({ relation, bytes, extended }): Placed => {
    const early = bytes !== null && !extended;
    return {
      stage: early ? STAGES.tableStatistics : STAGES.statistics,
      what: 'object',
      object: `statistics of ${relation}`,
      text: analyze(relation),
      locks: [relation],
      table: relation,
    };
  });
}
