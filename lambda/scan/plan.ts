/**
 * Plans the scan: queues the structure of every table, then every range of its rows and its indexes, in the ledger of the database
 * they lie in. Planning again within one epoch changes nothing.
 */
import type { Input, Output } from '../contract/payloads';
import { guarded } from '../platform/ledger';
import { followHome } from '../platform/ledger-follow';
import { mergeFacts } from '../platform/ledger-sql';
import { joinRoles } from '../platform/memberships';
import { claimedCall, databases, instanceFacts } from '../platform/payload';
import { BEFORE_SEEDING } from '../platform/phases';
import type { Server, Session } from '../platform/postgres';
import { endPredecessors } from '../platform/predecessors';
import { emptyQueue, enqueue } from '../platform/queue';
import type { World } from '../platform/world';
import { contentItems } from './group';
import { readPlan, type ScanPlan } from './plan-facts';
import {
  CONTENT_QUEUE,
  type ScannedIndex,
  type ScannedRelation,
  STRUCTURE_QUEUE,
  type StructureItem,
  type WholeTable,
} from './queue';
import { cutBlocks } from './ranges';
import * as sql from './sql/relations';
import { presentBlocks } from './sql/structure';
import type { AvailableChecks } from './structure';

/** Input of `plan-scan`. */
export const planInput = claimedCall.extend({ source: instanceFacts, databases });

/** Opens the source and plans. */
export async function planScan(input: Input<'plan-scan'>, world: World): Promise<Output<'plan-scan'>> {
  return planScanOn(await world.openSource(input.source), input.databases, world);
}

/** Plans the scan of every database and returns how much there is to do and the workers' numbers. */
export async function planScanOn(
  source: Server<'source'>,
  names: readonly string[],
  world: World,
): Promise<Output<'plan-scan'>> {
  const home = await source.home();
  await endPredecessors(home, world.migrationId, world.step);
  await holdOwners(source, names, world);
  const plans: ScanPlan[] = [];
  for (const database of names) plans.push(await planDatabase(source, database, world));
  const sum = (of: (plan: ScanPlan) => number) => plans.reduce((total, plan) => total + of(plan), 0);
  const items = sum((plan) => plan.structureItems + plan.contentItems);
  const bytes = sum((plan) => plan.bytes);
  world.log.fact('scan planned', { items, bytes });
  const workers = Array.from({ length: world.environment.policy.scan.workers }, (_, index) => index);
  return { items, bytes, workers };
}

/** Only who may act for the owner may read every table and rebuild its indexes; given back when the scan is over. */
async function holdOwners(source: Server<'source'>, names: readonly string[], world: World): Promise<void> {
  const home = await source.home();
  const owners = new Set<string>();
  for (const database of names) {
    const found = await (await source.session(database)).query<{ owner: string }>(sql.ownersToJoin);
    for (const { owner } of found) owners.add(owner);
  }
  await guarded(home, world.expect(...BEFORE_SEEDING), () => joinRoles(home, [...owners].sort()));
}

async function planDatabase(source: Server<'source'>, database: string, world: World): Promise<ScanPlan> {
  const [home, session] = [await source.home(), await source.session(database)];
  const expected = world.expect(...BEFORE_SEEDING);
  const known = readPlan(await followHome(home, session, expected), world.epoch);
  if (known !== null) return known;
  const available = await session.one<AvailableChecks>(sql.availableChecks);
  const relations = await relationsOf(session);
  const structure =
    available.heap === null && available.visibility === null ? [] : await structureItems(session, relations);
  const content = contentItems(await withIndexes(session, relations));
  return guarded(session, expected, async (row) => {
    const planned = readPlan(row, world.epoch);
    if (planned !== null) return planned;
    const plan: ScanPlan = {
      epoch: world.epoch,
      structureItems: structure.length,
      contentItems: content.length,
      tables: relations.length,
      bytes: relations.reduce((sum, relation) => sum + relation.bytes, 0),
      available,
    };
    for (const [queue, items] of [
      [STRUCTURE_QUEUE, structure],
      [CONTENT_QUEUE, content],
    ] as const) {
      await session.execute(emptyQueue(queue));
      await session.execute(enqueue(queue, items));
    }
    await session.execute(mergeFacts(world.migrationId, { scan: plan }));
    return plan;
  });
}

async function relationsOf(session: Session): Promise<ScannedRelation[]> {
  const rows = await session.query<Omit<ScannedRelation, 'bytes'> & { bytes: string }>(sql.relationsToScan);
  return rows.map((row) => ({ ...row, bytes: Number(row.bytes) }));
}

async function withIndexes(session: Session, relations: readonly ScannedRelation[]): Promise<WholeTable[]> {
  const found = await session.query<ScannedIndex & { tableOid: string }>(
    sql.indexesOf(relations.map(({ oid }) => oid)),
  );
  const byTable = new Map<string, ScannedIndex[]>(relations.map(({ oid }) => [oid, []]));
  for (const { tableOid, ...index } of found) byTable.get(tableOid)?.push(index);
  return relations.map((relation) => ({ relation, indexes: byTable.get(relation.oid) ?? [] }));
}

/** Every table, and the table that its long values lie in: a damaged length there crashes the server as well. */
async function structureItems(session: Session, relations: readonly ScannedRelation[]): Promise<StructureItem[]> {
  const items: StructureItem[] = [];
  for (const relation of relations) {
    for (const checked of [relation.oid, ...(relation.toastOid === null ? [] : [relation.toastOid])]) {
      const { blocks } = await session.one<{ blocks: number }>(presentBlocks(checked));
      // A page of a table without its TOAST: the cut is by what is read.
      for (const range of cutBlocks({ blocks, bytes: blocks * 8192 })) {
        items.push({ kind: 'structure', relation, checked, range });
      }
    }
  }
  return items;
}
