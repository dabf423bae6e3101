/**
 * Concludes the verification: settles every key that may differ, compares the catalogues, and says `equal` or `different`.
 * What changed since stays in the ledger, to be compared under the fence.
 */

import { PHASES } from '../contract';
import type { Input, Output } from '../contract/payloads';
import type { Verification } from '../contract/replication';
import { Blocked, NotReady } from '../errors';
import { guarded, type LedgerRow } from '../platform/ledger';
import { followSource, moveEverywhere } from '../platform/ledger-follow';
import { mergeFacts } from '../platform/ledger-sql';
import { bothSides, claimedCall, databases } from '../platform/payload';
import type { Server, Session } from '../platform/postgres';
import { endPredecessors } from '../platform/predecessors';
import { countQueue } from '../platform/queue';
import type { World } from '../platform/world';
import { catalogDifferences } from '../proof/catalog-diff';
import { catalogDigest } from '../proof/catalog-digest';
import { ChangeTap } from '../proof/change-tap';
import { ChangedKeys } from '../proof/changed-keys';
import { budgetOf, keepBacklog, thinPendingKeys } from '../proof/keep-tap';
import { readPendingKeys, replacePendingKeys } from '../proof/pending-keys';
import { pinSettings } from '../proof/row-hash';
import { settleKeys } from '../proof/settle-keys';
import { type ComparedTable, listTables, relationOf } from '../proof/tables';
import { readPlan } from './plan-facts';
import { plannedTables, resultsByTable, VERIFY_QUEUE } from './queue';

/** Input of `conclude-verification`. */
export const concludeInput = claimedCall.extend({ ...bothSides, databases });

/** Few enough keys to be compared within the outage. */
const ENOUGH_KEYS = 2_000;

/** Rounds until the rest is left to the fence: writers may always be faster than we. */
const ROUNDS = 8;

/** Longest wait of one barrier. */
const BARRIER_MS = 120_000;

/** Most names that travel in a state; all of them are in the evidence (fault 15). */
const NAMES_IN_STATE = 20;

/** What was found in one database, whole. */
interface DatabaseFinding {
  readonly name: string;
  readonly mismatched: readonly { readonly relation: string; readonly keys: number }[];
  readonly catalogDifferences: readonly string[];
  readonly keysCompared: number;
  readonly keysPending: number;
}

interface TableResult {
  readonly database: string;
  readonly schema: string;
  readonly name: string;
  readonly rows: string;
  readonly bytes: string;
}

/** Opens both servers and concludes. */
export async function conclude(
  input: Input<'conclude-verification'>,
  world: World,
): Promise<Output<'conclude-verification'>> {
  const [source, target] = await Promise.all([world.openSource(input.source), world.openTarget(input.target)]);
  return concludeOn(source, target, input.databases, world);
}

/**
 * Says whether both sides hold the same, and keeps the evidence; `equal` moves the migration to `verified`, `different` leaves
 * it or puts it back at `replicating`, so that nothing can be cut over. Throws `NotReady` while ranges are open.
 */
export async function concludeOn(
  source: Server<'source'>,
  target: Server<'target'>,
  names: readonly string[],
  world: World,
): Promise<Output<'conclude-verification'>> {
  const [sourceHome, home] = await Promise.all([source.home(), target.home()]);
  await endPredecessors(sourceHome, world.migrationId, world.step);
  await endPredecessors(home, world.migrationId, world.step);
  const expected = world.expect('replicating', 'verified');
  await assertAllCompared(home, await followSource(sourceHome, home, expected), world);

  const findings = await Promise.all(names.map((database) => concludeDatabase(world, source, target, database)));
  const tables = await home.query<TableResult>(resultsByTable);
  const equal = findings.every((found) => found.mismatched.length === 0 && found.catalogDifferences.length === 0);
  const report = await world.keepEvidence('verification', { equal, findings, tables });
  const phase = equal ? 'verified' : 'replicating';
  await moveEverywhere(source, names, expected, phase);
  await moveEverywhere(target, names, expected, phase);
  const keysToCompareAgain = findings.reduce((sum, found) => sum + found.keysPending, 0);
  world.log.fact('verification concluded', { equal, keysToCompareAgain });
  world.metrics.measured({
    PhaseReached: PHASES.indexOf(phase),
    DifferencesFound: findings.reduce(
      (sum, found) => sum + found.mismatched.length + found.catalogDifferences.length,
      0,
    ),
    KeysToCompareAgain: keysToCompareAgain,
  });
  return {
    verdict: equal ? 'equal' : 'different',
    databases: findings.map((found) => summary(found, tables)),
    keysToCompareAgain,
    report,
  };
}

/** An empty queue proves nothing unless a plan of this epoch filled it. */
async function assertAllCompared(home: Session<'target'>, ledger: LedgerRow, world: World): Promise<void> {
  const { items, open } = await home.one<{ items: number; open: number }>(countQueue(VERIFY_QUEUE));
  const plan = readPlan(ledger, world.epoch);
  if (plan === null || plan.items !== items) {
    throw new Blocked(`no verification was planned at epoch ${world.epoch}, run plan-verification first`);
  }
  if (open > 0) throw new NotReady(`${open} ranges are not compared yet, run verify-chunks until none is left`);
}

async function concludeDatabase(
  world: World,
  sourceServer: Server<'source'>,
  targetServer: Server<'target'>,
  database: string,
): Promise<DatabaseFinding> {
  const [source, target] = await Promise.all([sourceServer.another(database), targetServer.another(database)]);
  await Promise.all([pinSettings(source), pinSettings(target)]);
  // Before anything is compared: the cutover goes on only where nobody defined anything since.
  const verifiedCatalog = await catalogDigest(source);
  const tables = await listTables(source);
  const tap = await ChangeTap.follow(sourceServer, { database, migrationId: world.migrationId, tables });
  const settling = {
    pair: { source, target },
    tap,
    tables: new Map(tables.map((table) => [relationOf(table), table])),
    marker: { kind: 'verify', epoch: world.epoch, execution: world.call.execution },
    barrierMs: BARRIER_MS,
  };
  const budget = budgetOf(world.remainingMs, world.remainingMs() / 2);
  await keepBacklog(settling, budget);
  const thinned = await thinPendingKeys(settling, budget);
  const first = await readPendingKeys(target);
  for (const relation of await unplanned(await targetServer.home(), database, tables)) first.addWhole(relation);
  const settled = await settleKeys(settling, first, { enough: ENOUGH_KEYS, rounds: ROUNDS });
  // A mismatch must be found again by whoever asks again, so it stays pending too.
  const pending = new ChangedKeys();
  pending.addAll(settled.pending);
  pending.addAll(settled.mismatched);
  await replacePendingKeys(target, pending);
  tap.acknowledge(settled.lsn);
  await tap.close();
  const differences = await catalogDifferences(source, target);
  await guarded(source, world.expect('replicating', 'verified'), () =>
    source.execute(mergeFacts(world.migrationId, { verifiedCatalog })),
  );
  await Promise.all([source.close(), target.close()]);
  return {
    name: database,
    mismatched: [
      ...settled.mismatched.wholeRelations().map((relation) => ({ relation, keys: 0 })),
      ...settled.mismatched.entries().map(({ relation, keys }) => ({ relation, keys: keys.length })),
    ],
    catalogDifferences: differences,
    keysCompared: thinned + settled.compared,
    keysPending: settled.pending.size,
  };
}

/** Tables that were made and followed after the plan: no range of theirs was compared, so they are compared whole. */
async function unplanned(
  home: Session<'target'>,
  database: string,
  tables: readonly ComparedTable[],
): Promise<string[]> {
  const planned = await home.query<{ schema: string; name: string }>(plannedTables(database));
  const known = new Set(planned.map(relationOf));
  return tables.filter((table) => !table.root && !known.has(relationOf(table))).map(relationOf);
}

function summary(found: DatabaseFinding, tables: readonly TableResult[]): Verification['databases'][number] {
  const own = tables.filter((table) => table.database === found.name);
  return {
    name: found.name,
    tables: own.length,
    rows: own.reduce((sum, table) => sum + Number(table.rows), 0),
    bytes: own.reduce((sum, table) => sum + Number(table.bytes), 0),
    mismatchedTables: found.mismatched.slice(0, NAMES_IN_STATE).map((mismatch) => mismatch.relation),
    catalogDifferences: found.catalogDifferences.slice(0, NAMES_IN_STATE),
  };
}
