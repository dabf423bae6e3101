/** Confirms every row that could not be read, says what the scan found, and keeps it as evidence. */

import { PHASES } from '../contract';
import type { Input, Output } from '../contract/payloads';
import { moveEverywhere } from '../platform/ledger-follow';
import { claimedCall, databases } from '../platform/payload';
import type { Server, Session } from '../platform/postgres';
import { endPredecessors } from '../platform/predecessors';
import type { World } from '../platform/world';
import { pinSettings } from '../proof/row-hash';
import { type DatabaseFindings, isDamaged, nameOf, readFindings } from './findings';
import { expectedOn, openScanned, scanPlace } from './place';
import type { BadRow } from './queue';
import { lookAgain } from './read';
import { NO_SEQUENTIAL_SCAN } from './sql/read';
import { checksumFailures, recordedPages } from './sql/relations';
import { judge, summaryOf } from './verdict';

/** Input of `conclude-scan`. */
export const concludeInput = claimedCall.extend({ ...scanPlace, databases });

/** What the server says of its own checksums. */
interface Checksums {
  readonly enabled: boolean;
  readonly failures: string;
  readonly lastFailure: string | null;
}

/** Opens the server that was scanned and concludes. */
export async function concludeScan(input: Input<'conclude-scan'>, world: World): Promise<Output<'conclude-scan'>> {
  return concludeScanOn(await openScanned(input, world), input.databases, world);
}

/**
 * Says what the scan found; on the source `clean` moves the migration to `scanned`. Throws `NotReady` while ranges are open.
 */
export async function concludeScanOn(
  server: Server,
  names: readonly string[],
  world: World,
): Promise<Output<'conclude-scan'>> {
  const home = await server.home();
  await endPredecessors(home, world.migrationId, world.step);
  const found: DatabaseFindings[] = [];
  const checksums: Record<string, Checksums> = {};
  for (const database of names) {
    const session = await server.another(database);
    checksums[database] = await session.one<Checksums>(checksumFailures);
    found.push(await confirmed(session, await readFindings(session, world)));
    await session.close();
  }
  const judged = { on: server.side, ...judge(found, world.environment.policy.scan, server.side) };
  const report = await world.keepEvidence('scan', {
    ...judged,
    databases: found.map((of) => evidenceOf(of, checksums[of.database] ?? null)),
  });
  if (judged.verdict === 'clean' && server.side === 'source') {
    await moveEverywhere(server, names, expectedOn(server, world), 'scanned');
    world.metrics.measured({ PhaseReached: PHASES.indexOf('scanned') });
  }
  const conclusions = found.map(conclusionOf);
  const damage = conclusions.reduce((sum, of) => sum + of.badRows + of.badIndexes + of.badPages, 0);
  world.metrics.measured({ DamageFound: damage });
  for (const { name, summary } of conclusions) world.log.fact('scan concluded', { database: name, summary });
  return { ...judged, databases: conclusions, report };
}

/**
 * Leaves out what a second look, in a transaction of its own, does not confirm: rows that can be read now or that are another
 * version, and lost pages that an earlier run has noted already.
 */
async function confirmed(session: Session, found: DatabaseFindings): Promise<DatabaseFindings> {
  await pinSettings(session);
  await session.query(NO_SEQUENTIAL_SCAN);
  const relations = [];
  for (const of of found.relations) {
    const badRows: BadRow[] = [];
    for (const row of of.badRows) {
      if ((await lookAgain(session, of.relation, row)) === 'still-bad') badRows.push(row);
    }
    const noted =
      of.lostPages.length === 0 ? [] : await session.query<{ place: string }>(recordedPages(nameOf(of.relation)));
    const lostPages = of.lostPages.filter((page) => !noted.some(({ place }) => place === String(page)));
    relations.push({ ...of, badRows, lostPages });
  }
  return { ...found, relations };
}

function conclusionOf(found: DatabaseFindings): Output<'conclude-scan'>['databases'][number] {
  const sum = (of: (relation: DatabaseFindings['relations'][number]) => number) =>
    found.relations.reduce((total, relation) => total + of(relation), 0);
  return {
    name: found.database,
    tables: found.plan.tables,
    rows: sum(({ rows }) => rows),
    badRows: sum(({ badRows }) => badRows.length),
    badIndexes: sum(({ badIndexes }) => badIndexes.length),
    badPages: sum(({ badBlocks, lostPages }) =>
      badBlocks.reduce((pages, { from, to }) => pages + to - from, lostPages.length),
    ),
    summary: summaryOf(found),
  };
}

/** Places and SQLSTATEs, never a value. */
function evidenceOf(found: DatabaseFindings, checksums: Checksums | null): object {
  const { heap, btree, visibility } = found.plan.available;
  return {
    name: found.database,
    checks: {
      everyValueRead: true,
      verifyHeapam: heap === null ? 'not done: amcheck is not installed or may not be used' : 'done',
      btIndexCheck: btree === null ? 'not done: amcheck is not installed or may not be used' : 'done',
      visibilityMap: visibility === null ? 'not done: pg_visibility is not installed or may not be used' : 'done',
      indexesComparedWithTables: 'done, but those listed as unchecked',
      checksums,
    },
    tables: found.relations.map((of) => ({
      name: nameOf(of.relation),
      rows: of.rows,
      bytes: of.relation.bytes,
      ms: of.ms,
      ...(of.unchecked.length > 0 && { uncheckedIndexes: of.unchecked }),
      ...(isDamaged(of) && {
        badRows: of.badRows,
        badBlocks: of.badBlocks,
        badIndexes: of.badIndexes,
        lostPages: of.lostPages,
        faults: of.faults,
        cutShort: of.cutShort,
      }),
    })),
    summary: summaryOf(found),
  };
}
