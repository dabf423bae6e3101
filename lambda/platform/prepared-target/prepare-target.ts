/**
 * Prepares a database of the target for DMS. What stands in the way goes in batches: each reads, keeps and removes in one transaction
 * that holds the ledger's row, so that whoever is killed leaves nothing removed that is not kept.
 */
import { Blocked } from '../../errors';
import { type Expectation, guarded, lockExpected } from '../ledger';
import { joinRoles } from '../memberships';
import type { Server, Session } from '../postgres';
import { PostgresError } from '../postgres-error';
import type { World } from '../world';
import type { Obstacle, ObstacleKind } from './obstacle';
import { undoKind } from './obstacle';
import { beginPreparation, type Preparation, preparationOf, tooLate, writePreparation } from './preparation';
import * as sql from './sql/obstacles';
import { keepPrior } from './sql/undo';
import { chooseWay, mayActAsReplica, type TaskForm, type Way } from './way';

/** What is prepared for. */
export interface PrepareOptions {
  readonly database: string;
  readonly form: TaskForm;
  /** A session of the user that the DMS task writes as. */
  readonly dmsUser: Session;
  /** @default true for a full load */
  readonly dropIndexes?: boolean;
  readonly expected: Expectation;
}

/** What one call did. */
export interface Prepared {
  readonly chosen: Way;
  /** Objects removed or switched off by this call, by kind. */
  readonly removed: Readonly<Record<ObstacleKind, number>>;
  /** Nothing is left. */
  readonly done: boolean;
  /** Event triggers that are on: what defines objects on the target meets them. */
  readonly eventTriggers: readonly { readonly name: string; readonly state: string }[];
}

/** Objects that a batch reads. */
const PAGE = 200;
/** Relations that a batch locks, unless a single object needs more: the server keeps a table of fixed size for all sessions. */
const LOCKS = 400;
/** No batch begins this long before the Lambda ends. */
const RESERVE_MS = 15_000;

/**
 * Removes until nothing is left or the time is over. Throws `Blocked`, naming the object, for what could not be brought back exactly,
 * and when the call comes late.
 */
export async function prepareTarget(
  target: Server<'target'>,
  options: PrepareOptions,
  world: Pick<World, 'remainingMs' | 'log'>,
): Promise<Prepared> {
  const { database, expected } = options;
  const session = await target.session(database);
  const chosen = chooseWay({ ...options, replicaAllowed: await mayActAsReplica(options.dmsUser) });
  const preparation = await beginPreparation(session, expected, chosen);
  await joinOwners(target, session, expected);
  const silent = await mayActAsReplica(session);
  const removed = { rule: 0, trigger: 0, 'foreign key': 0, identity: 0, index: 0 };
  let done = true;
  for (const kind of preparation.kinds) {
    // Every batch removes at least one object, which the next one does not read any more.
    for (let batch = -1; batch !== 0; removed[kind] += batch) {
      done = world.remainingMs() > RESERVE_MS;
      if (!done) break;
      batch = await removeBatch(session, { kind, preparation, expected, silent });
    }
    if (!done) break;
  }
  if (done) await conclude(session, expected);
  const eventTriggers = await session.query<{ name: string; state: string }>(sql.eventTriggers);
  const { way, kinds, reason } = preparation;
  world.log.fact('target prepared', { database, way, reason, ...removed, done });
  return { chosen: { way, kinds, reason }, removed, done, eventTriggers };
}

/** Only owners define; their memberships are home's, and go back with the others. */
async function joinOwners(target: Server<'target'>, session: Session, expected: Expectation): Promise<void> {
  const owners = await session.query<{ role: string }>(sql.ownersOfTables);
  const home = await target.home();
  await guarded(home, expected, () =>
    joinRoles(
      home,
      owners.map(({ role }) => role),
    ),
  );
}

interface Batch {
  readonly kind: ObstacleKind;
  readonly preparation: Preparation;
  readonly expected: Expectation;
  /** Event triggers can be kept from acting. */
  readonly silent: boolean;
}

/** Removes the next objects of a kind; returns how many. */
async function removeBatch(session: Session, { kind, preparation, expected, silent }: Batch): Promise<number> {
  return session.transaction(async () => {
    const row = await lockExpected(session, expected);
    const now = preparationOf(row);
    if (now === null || (now.stand !== 'preparing' && now.stand !== 'prepared')) {
      throw tooLate(session, now ?? preparation);
    }
    await session.execute(sql.emptySearchPath);
    if (silent) await session.execute(sql.silenceEvents);
    const query = { major: session.major, asReplica: preparation.way === 'replica', limit: PAGE };
    const page = await session.query<Obstacle>(sql.obstaclesOf(kind, query));
    const batch = withinLocks(page);
    for (const { object, unreturnable } of batch) {
      if (unreturnable !== null) throw unreturnableObject(session, `${kind} ${object}`, unreturnable);
    }
    await session.execute(keepPrior(undoKind(kind), batch));
    for (const obstacle of batch) await remove(session, kind, obstacle);
    return batch.length;
  });
}

/** The first objects of a page that lock no more than a batch may; at least one. */
export function withinLocks(page: readonly Obstacle[]): Obstacle[] {
  let sum = 0;
  return page.filter(({ locks }, index) => {
    sum += locks;
    return index === 0 || sum <= LOCKS;
  });
}

async function remove(session: Session, kind: ObstacleKind, { object, remove: texts }: Obstacle): Promise<void> {
  try {
    for (const text of texts) await session.execute(sql.asRead(text));
  } catch (error) {
    if (!(error instanceof PostgresError)) throw error;
    throw new Blocked(
      `${kind} ${object} stands in the way of DMS in target database ${JSON.stringify(session.database)} and cannot be ` +
        `removed for now (SQLSTATE ${error.sqlState}), take care of it and start again`,
      { cause: error },
    );
  }
}

function unreturnableObject(session: Session, object: string, why: string): Blocked {
  return new Blocked(
    `${object} stands in the way of DMS in target database ${JSON.stringify(session.database)} and could not be brought back ` +
      `exactly: ${why}; make it as it was defined, or let the DMS user set session_replication_role`,
  );
}

async function conclude(session: Session, expected: Expectation): Promise<void> {
  await guarded(session, expected, async (row) => {
    const now = preparationOf(row);
    if (now?.stand === 'preparing') await writePreparation(session, expected, { ...now, stand: 'prepared' });
  });
}
