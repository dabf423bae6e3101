/**
 * Deals with what the scan found, where the configuration allows it: rows that cannot be read go into quarantine one by one, pages
 * that were lost are noted, indexes that disagree are rebuilt. Each part looks first, so that a call that died is simply repeated.
 */

import { PHASES } from '../contract';
import type { Input, Output } from '../contract/payloads';
import { Blocked } from '../errors';
import { withAdvisoryLock } from '../platform/advisory-lock';
import { assertCurrent, guarded } from '../platform/ledger';
import { moveEverywhere } from '../platform/ledger-follow';
import { claimedCall, databases, serverFacts } from '../platform/payload';
import { BEFORE_SEEDING } from '../platform/phases';
import type { Server, Session } from '../platform/postgres';
import { endPredecessors } from '../platform/predecessors';
import type { World } from '../platform/world';
import { pinSettings } from '../proof/row-hash';
import { type DatabaseFindings, lostRows, nameOf, type RelationFindings, readFindings } from './findings';
import { rebuildIndex } from './rebuild-index';
import { removeRow } from './remove-row';
import * as sql from './sql/quarantine';
import { obstaclesTo } from './verdict';

/** Input of `quarantine`. */
export const quarantineInput = claimedCall.extend({ source: serverFacts, databases });

/** A statement ends this long before the Lambda does; a rebuild that takes longer is a person's matter. */
const LAST_MS = 20_000;

/** Longest wait for a lock on a row or an index. */
const LOCK_MS = 10_000;

type Repaired = Output<'quarantine'>['databases'][number];

/** Opens the source and repairs. */
export async function quarantine(input: Input<'quarantine'>, world: World): Promise<Output<'quarantine'>> {
  return quarantineOn(await world.openSource(input.source), input.databases, world);
}

/** Repairs every database and moves the migration to `scanned`. Throws `Blocked` where that is not allowed or not possible. */
export async function quarantineOn(
  source: Server<'source'>,
  names: readonly string[],
  world: World,
): Promise<Output<'quarantine'>> {
  const home = await source.home();
  await endPredecessors(home, world.migrationId, world.step);
  return withAdvisoryLock(home, `sealift/${world.migrationId}/quarantine`, async () => {
    await assertCurrent(home, world.expect(...BEFORE_SEEDING));
    const found = await findingsOf(source, names, world);
    refuse(found, world);
    const repaired: Repaired[] = [];
    for (const of of found) repaired.push(await repairDatabase(source, of, world));
    const report = await world.keepEvidence('quarantine', { databases: repaired, keptIn: 'sealift.quarantine' });
    await moveEverywhere(source, names, world.expect(...BEFORE_SEEDING), 'scanned');
    world.metrics.measured({ PhaseReached: PHASES.indexOf('scanned') });
    return { databases: repaired, report };
  });
}

async function findingsOf(
  source: Server<'source'>,
  names: readonly string[],
  world: World,
): Promise<DatabaseFindings[]> {
  const found = [];
  for (const database of names) found.push(await readFindings(await source.session(database), world));
  return found;
}

/** Judged again: whoever calls this step has no say in what may be removed. */
function refuse(found: readonly DatabaseFindings[], world: World): void {
  const { scan } = world.environment.policy;
  if (scan.repair !== 'quarantine') {
    throw new Blocked('nothing may be removed, scan.repair is block; set it to quarantine and deploy');
  }
  const [first, ...more] = obstaclesTo(found, scan);
  if (first === undefined) return;
  throw new Blocked(`${first}${more.length > 0 ? ` and ${more.length} more obstacles` : ''}; nothing was removed`);
}

async function repairDatabase(source: Server<'source'>, found: DatabaseFindings, world: World): Promise<Repaired> {
  const statementMs = Math.max(LAST_MS, world.remainingMs() - LAST_MS);
  const session = await source.another(found.database, { statementMs, lockMs: LOCK_MS });
  await pinSettings(session);
  const total = { rowsRemoved: 0, indexesRebuilt: 0, pagesLost: 0 };
  for (const of of found.relations) {
    await removeRows(session, of, world);
    // Before the rebuild: afterwards nothing would tell any more that rows are missing.
    if (of.lostPages.length > 0 || lostRows(of) > 0) await refuseOrphans(session, of);
    await noteLostPages(session, of, world);
    total.indexesRebuilt += await rebuildIndexes(session, found, of, world);
    if (of.badRows.length + of.lostPages.length === 0) continue;
    const { rows, pages } = await session.one<{ rows: number; pages: number }>(
      sql.countQuarantined(nameOf(of.relation)),
    );
    total.rowsRemoved += rows;
    total.pagesLost += pages;
  }
  await session.close();
  return { name: found.database, ...total };
}

async function removeRows(session: Session, { relation, badRows }: RelationFindings, world: World): Promise<void> {
  const expected = world.expect(...BEFORE_SEEDING);
  for (const row of badRows) {
    const removal = await removeRow(session, expected, relation, row, world.call.execution);
    world.log.fact('row looked at again', { table: nameOf(relation), place: row.ctid, removal });
  }
}

async function noteLostPages(session: Session, of: RelationFindings, world: World): Promise<void> {
  if (of.lostPages.length === 0) return;
  await guarded(session, world.expect(...BEFORE_SEEDING), async () => {
    for (const page of of.lostPages) {
      const reason = 'the page was lost with its rows before the scan';
      await session.execute(sql.savePage(nameOf(of.relation), page, reason, world.call.execution));
    }
  });
}

/** Rows that point at what was lost would be carried over and could not be validated there. */
async function refuseOrphans(session: Session, { relation }: RelationFindings): Promise<void> {
  for (const reference of await session.query<sql.Reference>(sql.referencesTo(relation.oid))) {
    const { orphans } = await session.one<{ orphans: string }>(sql.countOrphans(relation, reference));
    if (orphans === '0') continue;
    throw new Blocked(
      `${orphans} rows of table ${nameOf({ schema: reference.schema, name: reference.table })} point at rows that table ` +
        `${nameOf(relation)} has lost, by foreign key ${JSON.stringify(reference.name)}; restore them or remove these first`,
    );
  }
}

/** Indexes that disagreed when they were looked at, and those of a table that has lost pages. */
async function rebuildIndexes(
  session: Session,
  found: DatabaseFindings,
  of: RelationFindings,
  world: World,
): Promise<number> {
  let rebuilt = 0;
  for (const index of of.indexes) {
    const suspect = of.lostPages.length > 0 || of.badIndexes.some(({ name }) => name === index.name);
    if (!suspect) continue;
    const expected = world.expect(...BEFORE_SEEDING);
    const done = await rebuildIndex(session, expected, of.relation, index, found.plan.available);
    world.log.fact('index looked at again', { index: nameOf(index), rebuilt: done });
    if (done) rebuilt += 1;
  }
  return rebuilt;
}
