/** What the workers found in one database, gathered from its queues. */
import { Blocked, NotReady } from '../errors';
import { assertCurrent } from '../platform/ledger';
import type { Session } from '../platform/postgres';
import { countQueue } from '../platform/queue';
import { qualified } from '../platform/quote';
import type { World } from '../platform/world';
import { expectedOn } from './place';
import { readPlan, type ScanPlan } from './plan-facts';
import {
  type BadBlocks,
  type BadIndex,
  type BadRow,
  CONTENT_QUEUE,
  type ContentItem,
  type IndexesResult,
  type RowsResult,
  type ScannedIndex,
  type ScannedRelation,
  STRUCTURE_QUEUE,
  type StructureFault,
  type StructureItem,
  type StructureResult,
  type TablesResult,
} from './queue';
import { resultsOf } from './sql/results';

/** Everything that was found in one table. */
export interface RelationFindings {
  readonly relation: ScannedRelation;
  readonly indexes: ScannedIndex[];
  rows: number;
  /** Spent reading it, by all workers together. */
  ms: number;
  readonly badRows: BadRow[];
  readonly badBlocks: BadBlocks[];
  readonly badIndexes: BadIndex[];
  readonly unchecked: { readonly name: string; readonly why: string }[];
  readonly lostPages: number[];
  readonly faults: StructureFault[];
  /** True when it was not read to its end: too much damage, unsafe to read, or the server ended whenever it was. */
  cutShort: boolean;
}

/** Everything that was found in one database. */
export interface DatabaseFindings {
  readonly database: string;
  readonly plan: ScanPlan;
  readonly relations: readonly RelationFindings[];
}

/** Reads what was found; throws `NotReady` while items are open, `Blocked` when nothing was planned at this epoch. */
export async function readFindings(session: Session, world: World): Promise<DatabaseFindings> {
  const plan = readPlan(await assertCurrent(session, expectedOn(session, world)), world.epoch);
  await assertAllScanned(session, plan, world);
  if (plan === null) throw new Blocked(`no scan was planned at epoch ${world.epoch}, run plan-scan first`);
  const found = new Map<string, RelationFindings>();
  const structure = await session.query<{ payload: StructureItem; result: StructureResult }>(
    resultsOf(STRUCTURE_QUEUE),
  );
  const content = await session.query<{ payload: ContentItem; result: object }>(resultsOf(CONTENT_QUEUE));
  for (const { payload, result } of content) addContent(found, payload, result);
  for (const { payload, result } of structure) {
    const of = findingsOf(found, payload.relation);
    of.faults.push(...result.faults);
    of.lostPages.push(...result.lostPages);
  }
  return { database: session.database, plan, relations: [...found.values()] };
}

/** An empty queue proves nothing unless a plan of this epoch filled it. */
async function assertAllScanned(session: Session, plan: ScanPlan | null, world: World): Promise<void> {
  const structure = await session.one<{ items: number; open: number }>(countQueue(STRUCTURE_QUEUE));
  const content = await session.one<{ items: number; open: number }>(countQueue(CONTENT_QUEUE));
  if (plan === null || plan.structureItems !== structure.items || content.items < plan.contentItems) {
    throw new Blocked(
      `no scan of database ${JSON.stringify(session.database)} was planned at epoch ${world.epoch}, run plan-scan first`,
    );
  }
  const open = structure.open + content.open;
  if (open > 0) throw new NotReady(`${open} ranges are not scanned yet, run scan-ranges until none is left`);
}

function findingsOf(found: Map<string, RelationFindings>, relation: ScannedRelation): RelationFindings {
  const known = found.get(relation.oid);
  if (known !== undefined) return known;
  const fresh: RelationFindings = {
    relation,
    indexes: [],
    rows: 0,
    ms: 0,
    badRows: [],
    badBlocks: [],
    badIndexes: [],
    unchecked: [],
    lostPages: [],
    faults: [],
    cutShort: false,
  };
  found.set(relation.oid, fresh);
  return fresh;
}

function addContent(found: Map<string, RelationFindings>, payload: ContentItem, result: object): void {
  switch (payload.kind) {
    case 'rows':
      addRows(findingsOf(found, payload.relation), result as RowsResult);
      break;
    case 'indexes':
      addIndexes(findingsOf(found, payload.relation), payload.indexes, result as IndexesResult);
      break;
    case 'tables':
      for (const [position, { rows, indexes }] of (result as TablesResult).tables.entries()) {
        const table = payload.tables[position];
        if (table === undefined) continue;
        const of = findingsOf(found, table.relation);
        addRows(of, rows);
        addIndexes(of, table.indexes, indexes);
      }
  }
}

function addRows(of: RelationFindings, result: RowsResult): void {
  of.rows += result.rows;
  of.ms += result.ms;
  of.badRows.push(...result.badRows);
  of.badBlocks.push(...result.badBlocks);
  of.cutShort ||= result.cutShort || result.notRead === true;
}

function addIndexes(of: RelationFindings, indexes: readonly ScannedIndex[], result: IndexesResult): void {
  of.indexes.push(...indexes);
  of.badIndexes.push(...result.badIndexes);
  of.unchecked.push(...result.unchecked);
}

/** `"schema"."name"` of a relation. */
export function nameOf({ schema, name }: Pick<ScannedRelation, 'schema' | 'name'>): string {
  return qualified(schema, name);
}

/** True when anything is wrong with the relation. */
export function isDamaged(of: RelationFindings): boolean {
  const places = [of.badRows, of.badBlocks, of.badIndexes, of.lostPages, of.faults];
  return of.cutShort || places.some((list) => list.length > 0);
}

/** Rows that an index still lists and that the table has lost: the largest such number of one index. */
export function lostRows({ badIndexes }: Pick<RelationFindings, 'badIndexes'>): number {
  const differences = badIndexes.map(({ rows, entries }) => Number(entries ?? 0) - Number(rows ?? 0));
  return Math.max(0, ...differences);
}
