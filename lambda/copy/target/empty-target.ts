/**
 * Puts a target that an earlier run left half done back to empty: sessions ended, databases and roles that the run made dropped,
 * the home database as a new instance has it, the ledger last. What Sealift did not make is never dropped: it blocks, by name.
 */
import { Blocked, NotReady } from '../../errors';
import { endSessions } from '../../platform/end-sessions';
import { takeDownFollower } from '../../platform/engines/take-down';
import { isTurned, type LedgerRow } from '../../platform/ledger';
import { dropLedger, ledgerExists } from '../../platform/ledger-sql';
import { joinRoles, leaveRoles } from '../../platform/memberships';
import { HOME_DATABASE } from '../../platform/names';
import { isInUse } from '../../platform/phases';
import type { Server, Session } from '../../platform/postgres';
import { sqlStateOf } from '../../platform/postgres-error';
import { dropSubscriptions } from '../../platform/subscriptions';
import type { World } from '../../platform/world';
import { runFactsOf } from './run-facts';
import * as sql from './sql/empty';

type EmptyingWorld = Pick<World, 'migrationId' | 'log'>;

/**
 * Throws `Blocked` naming what a target holds that no ledger of ours explains; `row` is that of its home ledger, null without one.
 */
export async function assertOurs(
  target: Server<'target'>,
  row: LedgerRow | null,
  { migrationId }: EmptyingWorld,
): Promise<void> {
  if (row !== null && (row.side !== 'target' || isInUse(row.phase) || isTurned(row))) {
    throw new Blocked(`the target of migration ${JSON.stringify(migrationId)} is in use, phase ${row.phase}`);
  }
  const home = await target.home();
  const foreign: string[] = [];
  for (const { name } of await home.query<{ name: string }>(sql.foundDatabases)) {
    const { ours, relations } = await holdingsOf(await target.session(name), migrationId);
    if (!(row !== null && ours) && relations > 0) foreign.push(`database ${JSON.stringify(name)}`);
  }
  const { relations } = await holdingsOf(home, migrationId);
  if (row === null && relations > 0) foreign.push(`database ${JSON.stringify(HOME_DATABASE)}`);
  if (foreign.length === 0) return;
  throw new Blocked(
    `the target holds relations that this migration did not make (${foreign.join(', ')}), nothing is copied into them; drop ` +
      'them, or delete the instance and its stack and deploy it again with seed none',
  );
}

/** Empties the target, whose ledgers were found to be ours; twice is no error. */
export async function emptyTarget(target: Server<'target'>, row: LedgerRow, world: EmptyingWorld): Promise<void> {
  const home = await target.home();
  const databases = await home.query<{ name: string; owner: string }>(sql.foundDatabases);
  await home.transaction(() =>
    joinRoles(
      home,
      databases.map(({ owner }) => owner),
    ),
  );
  for (const { name } of databases) {
    await dropSubscriptions(target, name, () => true);
    await takeDownFollower(target, name, world.migrationId, null);
    // Its worker would keep the database in use.
    await (await target.session(name)).execute(sql.dropExtension('pglogical'));
    await target.leave(name);
    await endSessions(home, sql.endSessionsIn(name), `sessions in database ${JSON.stringify(name)}`);
    await drop(home, name);
  }
  const run = runFactsOf(row.facts);
  if (run?.databases.includes(HOME_DATABASE)) await emptyHome(target, home, world.migrationId);
  await leaveRoles(home);
  const roles = await dropRoles(home, run?.roles ?? []);
  await home.execute(dropLedger);
  world.log.warning('half-done target emptied', { databases: databases.length, roles });
}

/** A session of RDS's own ends by itself, and somebody may have come in between. */
async function drop(home: Session<'target'>, database: string): Promise<void> {
  try {
    await home.execute(sql.dropDatabase(database));
  } catch (error) {
    if (sqlStateOf(error) !== '55006') throw error;
    throw new NotReady(`database ${JSON.stringify(database)} of the target is in use, it is tried again`, {
      cause: error,
    });
  }
}

async function holdingsOf(session: Session, migrationId: string): Promise<{ ours: boolean; relations: number }> {
  const [ledger, relations] = sql.holdings(migrationId);
  const { present } = await session.one<{ present: boolean }>(ledgerExists);
  const { ours } = present ? await session.one<{ ours: boolean }>(ledger) : { ours: false };
  return { ours, ...(await session.one<{ relations: number }>(relations)) };
}

async function emptyHome(target: Server<'target'>, home: Session<'target'>, migrationId: string): Promise<void> {
  await dropSubscriptions(target, HOME_DATABASE, () => true);
  await takeDownFollower(target, HOME_DATABASE, migrationId, null);
  const schemas = await home.query<{ name: string; owner: string }>(sql.userSchemas);
  const extensions = await home.query<{ name: string }>(sql.userExtensions);
  await home.transaction(async () => {
    await joinRoles(
      home,
      schemas.map(({ owner }) => owner).filter((owner) => owner !== 'pg_database_owner'),
    );
    for (const { name } of extensions) await home.execute(sql.dropExtension(name));
    for (const { name } of schemas) await home.execute(sql.dropSchema(name));
    for (const statement of sql.createPublicSchema(home.major)) await home.execute(statement);
  });
}

async function dropRoles(home: Session<'target'>, names: readonly string[]): Promise<number> {
  const roles = await home.query<{ role: string }>(sql.existingRoles(names));
  for (const { role } of roles) {
    await home.transaction(async () => {
      await joinRoles(home, [role]);
      await home.execute(sql.dropOwned(role));
      await home.execute(sql.dropRole(role));
    });
  }
  return roles.length;
}
