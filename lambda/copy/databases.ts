/**
 * Gets an empty target ready to be filled:
 *
 *     (does it reach a source of somebody's own?) -> is it empty, or ours? -> (half done by an earlier run: emptied) -> ledger -> roles, closed -> databases with their ledgers
 *
 * Both home ledgers name the run, so that what this run made is kept by its next call and what another made is not.
 */
import { randomUUID } from 'node:crypto';
import type { Input, Output } from '../contract/payloads';
import { Blocked } from '../errors';
import { withAdvisoryLock } from '../platform/advisory-lock';
import { engineFor } from '../platform/engines/engines';
import { requireCopySettings } from '../platform/environment';
import { assertCurrent, ensureLedger, guarded, type LedgerRow, readLedger } from '../platform/ledger';
import { followHome, followSource } from '../platform/ledger-follow';
import { mergeFacts, systemIdentifier as readIdentifier, upsertMigration } from '../platform/ledger-sql';
import { joinRoles } from '../platform/memberships';
import { replicationRole } from '../platform/names';
import { bothSides, claimedCall, databases } from '../platform/payload';
import type { Server, Session, Timeouts } from '../platform/postgres';
import { sqlStateOf } from '../platform/postgres-error';
import { endPredecessors } from '../platform/predecessors';
import { limitIdleTransaction } from '../platform/queue';
import { closeLogins } from '../platform/role-logins';
import { type RolePasswords, rolePasswords } from '../platform/role-passwords';
import { readCredentials } from '../platform/secrets';
import type { World } from '../platform/world';
import type { LeftOut } from './schema/filter';
import { makeRoles, type RolePlan, readRoles } from './schema/roles';
import { assertOurs, emptyTarget } from './target/empty-target';
import { assertTargetReachesSource } from './target/reach-source';
import { type CopyRun, runFacts, runFactsOf } from './target/run-facts';
import * as sql from './target/sql/databases';

/** Input of the step. */
export const makeDatabasesInput = claimedCall.extend({ ...bothSides, databases });

/** Making a subscription asks the source. */
const JOIN_TIMEOUTS: Timeouts = { statementMs: 60_000, lockMs: 5_000 };

/** What was made. */
export interface MadeDatabases {
  readonly databases: number;
  readonly roles: readonly string[];
  /** Roles whose password is new. */
  readonly newPasswords: readonly string[];
  readonly leftOut: readonly LeftOut[];
}

/** Opens both servers, makes roles and databases, and keeps what was left out as evidence. */
export async function makeDatabases(input: Input<'make-databases'>, world: World): Promise<Output<'make-databases'>> {
  const [source, target] = await Promise.all([world.openSource(input.source), world.openTarget(input.target)]);
  if (input.source.kind === 'server') await assertReached(source, target, input, world);
  const join = await joining(source, target, input, world);
  const made = await makeDatabasesOn(source, target, input.databases, world, join);
  const report = await world.keepEvidence('databases', made);
  return {
    databases: made.databases,
    roles: made.roles.length,
    newPasswords: made.newPasswords.length,
    leftOut: made.leftOut.length,
    report,
  };
}

async function assertReached(
  source: Server<'source'>,
  target: Server<'target'>,
  input: Input<'make-databases'>,
  world: World,
): Promise<void> {
  const [endpoint, credentials, { major }] = await Promise.all([
    world.endpointOf(input.source),
    readCredentials(world.environment.replicationSecretArn),
    source.home(),
  ]);
  await assertTargetReachesSource(target, input.databases, { endpoint, credentials, major }, world);
}

/**
 * Makes what is missing; `join` gets the databases ready to follow when they are there. Throws `Blocked` when the target holds what this migration did not make, and naming a database that the
 * target cannot have.
 */
export async function makeDatabasesOn(
  source: Server<'source'>,
  target: Server<'target'>,
  names: readonly string[],
  world: World,
  join?: (names: readonly string[]) => Promise<void>,
): Promise<MadeDatabases> {
  const [sourceHome, home] = await Promise.all([source.home(), target.home()]);
  await endPredecessors(home, world.migrationId, world.step);
  return withAdvisoryLock(home, `sealift/${world.migrationId}/make-databases`, async () => {
    const plan = await readRoles(sourceHome, replicationRole(world.migrationId), names);
    const { name: master } = await home.one<{ name: string }>(sql.currentUser);
    const roles = plan.roles.map(({ name }) => name).filter((name) => name !== master);
    await beginRun(sourceHome, target, { databases: [...names], roles }, world);
    await followSource(sourceHome, home, world.expect('seeding'));
    const found = await sourceHome.query<sql.SourceDatabase>(sql.sourceDatabases(names));
    // Databases need their owners, settings and rights need their databases.
    const logins = plan.roles.filter(({ name, login }) => login && name !== master).map(({ name }) => name);
    const passwords = await rolePasswords(logins, requireCopySettings(world.environment));
    const owners = (await sourceHome.query<{ owner: string }>(sql.ownersIn(names))).map(({ owner }) => owner);
    const filling = { plan, master, passwords, owners };
    await fillRoles(home, { ...filling, plan: { ...plan, settings: [], grants: [] } }, world);
    for (const database of found) await makeDatabase(target, database, world);
    const leftOut = await fillRoles(home, filling, world);
    for (const { name } of found) await keepLeftOut(await target.session(name), leftOut, world);
    await join?.(found.map(({ name }) => name));
    world.log.fact('databases made', { databases: found.length, roles: roles.length, leftOut: leftOut.length });
    return { databases: found.length, roles, newPasswords: passwords.generated, leftOut };
  });
}

/**
 * Names this run in both home ledgers, once. The source's row is held meanwhile: a call that comes late finds itself refused
 * before it could empty the target of a newer run.
 */
async function beginRun(
  sourceHome: Session<'source'>,
  target: Server<'target'>,
  makes: Omit<CopyRun, 'run'>,
  world: World,
): Promise<void> {
  await guarded(sourceHome, world.expect('seeding'), async ({ facts }) => {
    const run = { run: runFactsOf(facts)?.run ?? randomUUID(), ...makes };
    await sourceHome.query(limitIdleTransaction(world.remainingMs()));
    await takeOver(target, run, world);
    await sourceHome.execute(mergeFacts(world.migrationId, runFacts(run)));
  });
}

/** Makes the target's home ledger this run's; a target of another run is emptied first. */
async function takeOver(target: Server<'target'>, run: CopyRun, world: World): Promise<void> {
  const home = await target.home();
  const row = await readLedger(home, world.migrationId);
  if (row === null || runFactsOf(row.facts)?.run !== run.run) {
    await assertOurs(target, row, world);
    if (row !== null) await emptyTarget(target, row, world);
    await ensureLedger(home);
    await home.execute(upsertMigration(await rowOf(home, world)));
  }
  await home.execute(mergeFacts(world.migrationId, runFacts(run)));
}

async function rowOf(home: Session<'target'>, world: World): Promise<Omit<LedgerRow, 'facts'>> {
  const { systemIdentifier } = await home.one<{ systemIdentifier: string }>(readIdentifier);
  const { migrationId, epoch, call } = world;
  return { migrationId, side: 'target', phase: 'seeding', epoch, execution: call.execution, systemIdentifier };
}

interface RolesToMake {
  readonly plan: RolePlan;
  readonly master: string;
  readonly passwords: RolePasswords;
  /** Roles that own something in the databases. */
  readonly owners: readonly string[];
}

/** Roles are there before any password works: nobody can log in until the flip. */
async function fillRoles(
  home: Session<'target'>,
  { plan, master, passwords, owners }: RolesToMake,
  world: World,
): Promise<readonly LeftOut[]> {
  return guarded(home, world.expect('seeding'), async () => {
    const { leftOut } = await makeRoles(home, plan, {
      // A source's master user of another name is a role like any other on the target.
      sourceMaster: master,
      targetMaster: master,
      passwordOf: async (role) => passwords.of.get(role) ?? '',
    });
    await joinRoles(home, owners);
    await closeLogins(home, world.migrationId);
    return leftOut;
  });
}

/** What was told is no difference when the catalogues are compared. */
async function keepLeftOut(session: Session<'target'>, leftOut: readonly LeftOut[], world: World): Promise<void> {
  await guarded(session, world.expect('seeding'), () =>
    session.execute(mergeFacts(world.migrationId, { rolesLeftOut: leftOut })),
  );
}

async function makeDatabase(target: Server<'target'>, database: sql.SourceDatabase, world: World): Promise<void> {
  const home = await target.home();
  const [there] = await home.query(sql.existingDatabases([database.name]));
  if (there === undefined) {
    await assertCurrent(home, world.expect('seeding'));
    await createDatabase(home, database);
  }
  await guarded(home, world.expect('seeding'), async () => {
    for (const statement of sql.adaptDatabase(database)) await home.execute(statement);
  });
  await followHome(home, await target.session(database.name), world.expect('seeding'));
}

/** Invalid value, wrong object, not supported: this server has no such locale or encoding. */
const NO_SUCH_LOCALE = ['22023', '42809', '0A000', '42704', '22000'];

async function createDatabase(home: Session<'target'>, database: sql.SourceDatabase): Promise<void> {
  try {
    await home.execute(sql.createDatabase(database, home.major));
  } catch (error) {
    const state = sqlStateOf(error);
    // Another call made it meanwhile.
    if (state === '42P04') return;
    if (state === undefined || !NO_SUCH_LOCALE.includes(state)) throw error;
    const { name, encoding, collate, ctype, locale } = database;
    throw new Blocked(
      `database ${JSON.stringify(name)} cannot be made on the target with encoding ${encoding}, collation ${collate}, character ` +
        `type ${ctype}${locale === null ? '' : ` and locale ${locale}`} (SQLSTATE ${state}): the target does not know them; ` +
        'make the database there by hand, empty and with a locale that sorts alike, and start again',
      { cause: error },
    );
  }
}

/** Gets the databases ready to follow, as the engine wants it. */
async function joining(
  source: Server<'source'>,
  target: Server<'target'>,
  input: Input<'make-databases'>,
  world: World,
): Promise<(names: readonly string[]) => Promise<void>> {
  const engine = engineFor(world.environment.policy);
  if (!engine.joins) return async () => undefined;
  const [replication, sourceEndpoint, { major: sourceMajor }, home] = await Promise.all([
    readCredentials(world.environment.replicationSecretArn),
    world.endpointOf(input.source),
    source.home(),
    target.home(),
  ]);
  return async (names) => {
    await engine.assertCapacity(home, names.length);
    for (const name of names) {
      const session = await target.another(name, JOIN_TIMEOUTS);
      try {
        await engine.join(session, { world, replication, sourceEndpoint, sourceMajor });
      } finally {
        await session.close();
      }
    }
  };
}
