/**
 * Plans the scan: queues the structure of every table, then every range of its rows and its indexes, in the ledger of the database
 * they lie in. Planning again within one epoch changes nothing.
 */
import type { Input, Output } from '../contract/payloads';
import { assertCurrent, guarded } from '../platform/ledger';
import { followHome, followSource } from '../platform/ledger-follow';
import { mergeFacts } from '../platform/ledger-sql';
import { joinRoles } from '../platform/memberships';
import { claimedCall, databases } from '../platform/payload';
import type { Server, Session } from '../platform/postgres';
import { endPredecessors } from '../platform/predecessors';
import { calmPulseMs } from '../platform/pulse';
import { emptyQueue, enqueue } from '../platform/queue';
import type { World } from '../platform/world';
import { contentItems } from './group';
import { expectedOn, scanPlace } from './place';
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
export const planInput = claimedCall.extend({ ...scanPlace, databases });

/** Opens the server that is scanned and plans. */
export async function planScan(input: Input<'plan-scan'>, world: World): Promise<Output<'plan-scan'>> {
  const source = await world.openSource(input.source);
  if (input.target === null) return planScanOn(source, input.databases, world);
  const copy = await world.openTarget(input.target);
  // A new claim moves only the source's ledger.
  await followSource(await source.home(), await copy.home(), expectedOn(copy, world));
  return planScanOn(copy, input.databases, world);
}

/** Plans the scan of every database and returns how much there is to do and the workers' numbers. */
export async function planScanOn(server: Server, names: readonly string[], world: World): Promise<Output<'plan-scan'>> {
  const home = await server.home();
  await endPredecessors(home, world.migrationId, world.step);
  await holdOwners(server, names, world);
  const plans: ScanPlan[] = [];
  const known = readPlan(await assertCurrent(home, expectedOn(server, world)), world.epoch);
  const calmMs = known?.calmPulseMs ?? (await calmPulseMs(home));
  for (const database of names) plans.push(await planDatabase(server, database, calmMs, world));
  const sum = (of: (plan: ScanPlan) => number) => plans.reduce((total, plan) => total + of(plan), 0);
  const items = sum((plan) => plan.structureItems + plan.contentItems);
  const bytes = sum((plan) => plan.bytes);
  world.log.fact('scan planned', { items, bytes });
  const workers = Array.from({ length: world.environment.policy.scan.workers }, (_, index) => index);
  return { items, bytes, workers };
}

/** Only who may act for the owner may read every table and rebuild its indexes; given back when the scan is over. */
async function holdOwners(server: Server, names: readonly string[], world: World): Promise<void> {
  const home = await server.home();
  const owners = new Set<string>();
  for (const database of names) {
    const found = await (await server.session(database)).query<{ owner: string }>(sql.ownersToJoin);
    for (const { owner } of found) owners.add(owner);
  }
  await guarded(home, expectedOn(server, world), () => joinRoles(home, [...owners].sort()));
}

async function planDatabase(server: Server, database: string, calmMs: number, world: World): Promise<ScanPlan> {
  const [home, session] = [await server.home(), await server.session(database)];
  const expected = expectedOn(server, world);
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
      calmPulseMs: calmMs,
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
