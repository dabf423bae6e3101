/**
 * Concludes the verification: settles every key that may differ, compares the catalogues, and says `equal` or `different`.
 * What changed since stays in the ledger, to be compared under the fence.
 */
import type { Input, Output, Verification } from '../contract';
import { NotReady } from '../errors';
import { assertCurrent, moveTo } from '../platform/ledger';
import { bothSides, claimedCall, databases } from '../platform/payload';
import type { Server } from '../platform/postgres';
import { endPredecessors } from '../platform/predecessors';
import type { World } from '../platform/world';
import { catalogDifferences } from '../proof/catalog-diff';
import { ChangeTap } from '../proof/change-tap';
import { ChangedKeys } from '../proof/changed-keys';
import { readPendingKeys, replacePendingKeys } from '../proof/pending-keys';
import { pinSettings } from '../proof/row-hash';
import { settleKeys } from '../proof/settle-keys';
import { listTables, relationOf } from '../proof/tables';
import { countQueue, resultsByTable } from './queue';

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

/** Says whether both sides hold the same, and keeps the evidence; `equal` moves the migration to `verified`. */
export async function conclude(
  input: Input<'conclude-verification'>,
  world: World,
): Promise<Output<'conclude-verification'>> {
  const [source, target] = await Promise.all([world.openSource(input.source), world.openTarget(input.target)]);
  const home = await target.home();
  await endPredecessors(await source.home(), world.migrationId, world.step);
  await endPredecessors(home, world.migrationId, world.step);
  const expected = world.expect('replicating', 'verified');
  await assertCurrent(home, expected);
  const { open } = await home.one<{ open: number }>(countQueue);
  if (open > 0) throw new NotReady(`${open} ranges are not compared yet, run verify-chunks until none is left`);

  const findings = await Promise.all(
    input.databases.map((database) => concludeDatabase(world, source, target, database)),
  );
  const tables = await home.query<TableResult>(resultsByTable);
  const equal = findings.every((found) => found.mismatched.length === 0 && found.catalogDifferences.length === 0);
  const report = await world.keepEvidence('verification', { equal, findings, tables });
  if (equal) {
    await moveTo(await source.home(), expected, 'verified');
    await moveTo(home, expected, 'verified');
  }
  const keysToCompareAgain = findings.reduce((sum, found) => sum + found.keysPending, 0);
  world.log.fact('verification concluded', { equal, keysToCompareAgain });
  return {
    verdict: equal ? 'equal' : 'different',
    databases: findings.map((found) => summary(found, tables)),
    keysToCompareAgain,
    report,
  };
}

async function concludeDatabase(
  world: World,
  sourceServer: Server<'source'>,
  targetServer: Server<'target'>,
  database: string,
): Promise<DatabaseFinding> {
  const [source, target] = await Promise.all([sourceServer.session(database), targetServer.session(database)]);
  await Promise.all([pinSettings(source), pinSettings(target)]);
  const tables = await listTables(source);
  const tap = await ChangeTap.follow(sourceServer, { database, migrationId: world.migrationId, tables });
  const settled = await settleKeys(
    {
      pair: { source, target },
      tap,
      tables: new Map(tables.map((table) => [relationOf(table), table])),
      marker: { kind: 'verify', epoch: world.epoch, execution: world.call.execution },
      barrierMs: BARRIER_MS,
    },
    await readPendingKeys(target),
    { enough: ENOUGH_KEYS, rounds: ROUNDS },
  );
  // A mismatch must be found again by whoever asks again, so it stays pending too.
  const pending = new ChangedKeys();
  pending.addAll(settled.pending);
  pending.addAll(settled.mismatched);
  await replacePendingKeys(target, pending);
  tap.acknowledge(settled.lsn);
  await tap.close();
  return {
    name: database,
    mismatched: [
      ...settled.mismatched.wholeRelations().map((relation) => ({ relation, keys: 0 })),
      ...settled.mismatched.entries().map(({ relation, keys }) => ({ relation, keys: keys.length })),
    ],
    catalogDifferences: await catalogDifferences(source, target),
    keysCompared: settled.compared,
    keysPending: settled.pending.size,
  };
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
