/**
 * Gets both servers ready for a task of each database, and says what the tasks are to be; every call goes on where the last one ended:
 *
 *   logins and their secrets ─▶ slot on the source ─▶ what stands in the way goes from the target, kept in `undo` ─▶ plans of the tasks
 */
import type { Endpoint } from '../contract/instance';
import type { DmsSettings } from '../contract/settings';
import { Blocked } from '../errors';
import { admitDmsLogin, letReadAll, openDmsLogin } from '../platform/dms-login';
import { keepDmsSecret, passwordFor } from '../platform/dms-secret';
import { dmsFactsOf } from '../platform/engines/dms';
import { assertCurrent, guarded } from '../platform/ledger';
import { followEverywhere, followHome } from '../platform/ledger-follow';
import { mergeFacts } from '../platform/ledger-sql';
import { dmsRole, streamName } from '../platform/names';
import { type Credentials, type Server, Session } from '../platform/postgres';
import { endPredecessors } from '../platform/predecessors';
import { prepareTarget } from '../platform/prepared-target/prepare-target';
import type { TaskForm, Way } from '../platform/prepared-target/way';
import { dropSlot, findSlot, makeSlot } from '../platform/slots';
import type { World } from '../platform/world';
import * as sql from './sql';
import { type GeneratedColumn, type TableName, UNTRANSFORMABLE } from './task-settings';

/** What a task is to be, beside what the configuration says. */
export interface TaskPlan {
  readonly database: string;
  /** When its seeding began, ISO; a part of its name. */
  readonly since: string;
  readonly slot: string;
  readonly form: TaskForm;
  /** Where a task that only follows begins; null for one that loads. */
  readonly startLsn: string | null;
  readonly way: Way['way'];
  /** Why the way was chosen, for people. */
  readonly reason: string;
  readonly tables: readonly TableName[];
  /** Columns that the target computes. */
  readonly generated: readonly GeneratedColumn[];
}

/** What a readying is made of beside the servers. */
export interface ReadyInput {
  readonly databases: readonly string[];
  /** End of the copy's own history; null on the copy road, where the task loads. */
  readonly seedLsn: string | null;
  readonly sourceEndpoint: Endpoint;
  readonly targetEndpoint: Endpoint;
  readonly settings: DmsSettings;
  readonly replication: Credentials;
}

/** What one call did: the plans when everything is ready, else null: call again. */
export type Ready = readonly TaskPlan[] | null;

/** Throws `Blocked` naming what cannot be brought back, a slot that is gone, or a role that may not be had. */
export async function readyOn(
  source: Server<'source'>,
  target: Server<'target'>,
  input: ReadyInput,
  world: World,
): Promise<Ready> {
  const expected = world.expect('seeding');
  const [sourceHome, home] = await Promise.all([source.home(), target.home()]);
  await endPredecessors(home, world.migrationId, world.step);
  await followEverywhere(source, target, input.databases, expected);
  const writer = await openLogins(source, target, input, world);
  const plans: TaskPlan[] = [];
  for (const database of input.databases) {
    const session = await source.session(database);
    await followHome(sourceHome, session, expected);
    const right = await target.session(database);
    await guarded(right, expected, () => admitDmsLogin(right, world.migrationId));
    const slot = input.seedLsn === null ? await ensureSlot(session, world) : streamName(world.migrationId, database);
    const since = await noteTask(source, target, database, slot, world);
    const form: TaskForm = input.seedLsn === null ? 'full-load-and-cdc' : 'cdc';
    const { way, reason, done } = await prepare(target, { database, form, writer, input }, world);
    if (!done) return null;
    const publication = streamName(world.migrationId, database);
    const tables = await session.query<TableName>(sql.publishedTables(publication));
    const generated = await session.query<GeneratedColumn>(sql.generatedColumns(publication));
    assertTransformable(database, generated);
    plans.push({ database, since, slot, form, startLsn: input.seedLsn, way, reason, tables, generated });
  }
  return plans;
}

/** Secrets first: a role never has a password that is kept nowhere. */
async function openLogins(
  source: Server<'source'>,
  target: Server<'target'>,
  { settings, replication, sourceEndpoint, targetEndpoint }: ReadyInput,
  world: World,
): Promise<Credentials> {
  const expected = world.expect('seeding');
  const [sourceHome, home] = await Promise.all([source.home(), target.home()]);
  const { host, port } = world.environment.policy.replicationConnection;
  const from = { host: host ?? sourceEndpoint.host, port: port ?? sourceEndpoint.port };
  const writer = await passwordFor(settings.targetSecretArn, dmsRole(world.migrationId));
  await keepDmsSecret(settings.sourceSecretArn, replication, from);
  await keepDmsSecret(settings.targetSecretArn, writer, targetEndpoint);
  await guarded(sourceHome, expected, () => letReadAll(sourceHome, replication.username));
  await guarded(home, expected, () => openDmsLogin(home, world.migrationId, writer.password));
  return writer;
}

/** One that nobody recorded is of a call that died in between: no task has read from it. */
async function ensureSlot(session: Session<'source'>, world: World): Promise<string> {
  const name = streamName(world.migrationId, session.database);
  const known = dmsFactsOf((await assertCurrent(session, world.expect('seeding'))).facts);
  const found = await findSlot(session, name);
  if (known !== null && found !== null) return name;
  if (known !== null) {
    throw new Blocked(
      `slot ${name} of database ${JSON.stringify(session.database)} is gone since it was made, release the migration and ` +
        'start again, a new slot would leave a gap',
    );
  }
  if (found !== null) await dropSlot(session, name);
  await makeSlot(session, name, 'test_decoding');
  return name;
}

function assertTransformable(database: string, generated: readonly GeneratedColumn[]): void {
  const odd = generated.filter(({ column }) => UNTRANSFORMABLE.test(column));
  if (odd.length === 0) return;
  const names = odd.slice(0, 10).map(({ schema, name, column }) => `${schema}.${name}.${column}`);
  throw new Blocked(
    `DMS cannot leave out generated columns of database ${JSON.stringify(database)} with #, \\, /, % or - in their names: ` +
      `${names.join(', ')}${odd.length > 10 ? ` and ${odd.length - 10} more` : ''}; rename them, or use engine native`,
  );
}

/** Both ledgers say who carries the database, and since when; what is loaded stays so. The source's ledger is asked first. */
async function noteTask(
  source: Server<'source'>,
  target: Server<'target'>,
  database: string,
  slot: string,
  world: World,
): Promise<string> {
  let since = new Date().toISOString();
  for (const session of [await source.session(database), await target.session(database)]) {
    await guarded(session, world.expect('seeding'), async ({ facts }) => {
      const known = dmsFactsOf(facts);
      if (known !== null) since = known.since;
      else await session.execute(mergeFacts(world.migrationId, { dms: { slot, since, loaded: false } }));
    });
  }
  return since;
}

async function prepare(
  target: Server<'target'>,
  asked: {
    readonly database: string;
    readonly form: TaskForm;
    readonly writer: Credentials;
    readonly input: ReadyInput;
  },
  world: World,
): Promise<Way & { readonly done: boolean }> {
  const { database, form, writer, input } = asked;
  const dmsUser = await Session.open('target', {
    endpoint: input.targetEndpoint,
    credentials: writer,
    applicationName: world.applicationName(),
    trustedCa: world.environment.trustedCa,
    database,
  });
  try {
    const options = { database, form, dmsUser, expected: world.expect('seeding') };
    const { chosen, done } = await prepareTarget(target, options, world);
    return { ...chosen, done };
  } finally {
    await dmsUser.close();
  }
}
