/** Gets the source ready to be followed: owners, role, replica identities, then publication and slot of every database. */
import type { Input, Output } from '../contract/payloads';
import type { SlotFacts } from '../contract/replication';
import { Blocked } from '../errors';
import { withAdvisoryLock } from '../platform/advisory-lock';
import type { OfferedTable } from '../platform/engines/engine';
import { engineFor } from '../platform/engines/engines';
import { assertCurrent, type Expectation, guarded } from '../platform/ledger';
import { moveEverywhere } from '../platform/ledger-follow';
import { allUndo } from '../platform/ledger-sql';
import { ensureReplicationRole } from '../platform/make-replication-role';
import { joinRoles } from '../platform/memberships';
import { HOME_DATABASE } from '../platform/names';
import { claimedCall, databases, serverFacts } from '../platform/payload';
import { BEFORE_SEEDING } from '../platform/phases';
import type { Credentials, Server } from '../platform/postgres';
import { endPredecessors } from '../platform/predecessors';
import { setReplicaIdentity } from '../platform/replica-identity';
import { readCredentials } from '../platform/secrets';
import type { World } from '../platform/world';
import { type IdentityPlan, type PublishableTable, planIdentitiesFor } from './identity-plan';
import * as sql from './sql/prepare';
import { ensurePublished, ensureStream } from './stream';

/** Input of the step. */
export const prepareInput = claimedCall.extend({ source: serverFacts, databases });

/** A slot is given up this long before the Lambda ends, and never waited for longer than the second number. */
const SLOT_RESERVE_MS = 30_000;
const SLOT_MAX_WAIT_MS = 120_000;

/** Most obstacles that an error names. */
const NAMED_OBSTACLES = 10;

/** Opens the source and prepares it. */
export async function prepare(input: Input<'prepare'>, world: World): Promise<Output<'prepare'>> {
  const replication = await readCredentials(world.environment.replicationSecretArn);
  const source = await world.openSource(input.source);
  const { slots } = await prepareOn(source, input.databases, replication, world);
  const report = await world.keepEvidence('prepare', { slots, changes: await changesOn(source, input.databases) });
  return { slots, report };
}

/** Everything on the source that the ledger will give back, for the evidence. */
export async function changesOn(source: Server<'source'>, names: readonly string[]): Promise<readonly SourceChange[]> {
  const changes: SourceChange[] = [];
  for (const database of new Set([HOME_DATABASE, ...names])) {
    const recorded = await (await source.session(database)).query<Omit<SourceChange, 'database'>>(allUndo);
    changes.push(...recorded.map((change) => ({ database, ...change })));
  }
  return changes;
}

/** A change to the source, and what was before. */
export interface SourceChange {
  readonly database: string;
  readonly kind: string;
  readonly object: string;
  readonly prior: object;
}

/**
 * Prepares the source and answers its slots, none on the copy road. Tables that cannot be replicated are named before anything is changed
 * (`Blocked`); what was prepared already is found and left. Throws `NotReady` while a long transaction keeps a slot waiting.
 */
export async function prepareOn(
  source: Server<'source'>,
  databaseNames: readonly string[],
  replication: Credentials,
  world: World,
): Promise<Pick<Output<'prepare'>, 'slots'>> {
  const home = await source.home();
  await endPredecessors(home, world.migrationId, world.step);
  return withAdvisoryLock(home, `sealift/${world.migrationId}/prepare`, async () => {
    const expected = world.expect(...BEFORE_SEEDING, 'seeding');
    await assertCurrent(home, expected);
    const surveys = await Promise.all(databaseNames.map((database) => survey(source, database, world)));
    refuseObstacles(surveys);
    await guarded(home, expected, async () => {
      await joinRoles(home, [...new Set(surveys.flatMap((found) => found.owners))].sort());
      await ensureReplicationRole(home, world.migrationId, replication, databaseNames);
    });
    await moveEverywhere(source, databaseNames, expected, 'seeding');
    const slots = await Promise.all(surveys.map((found) => prepareDatabase(source, found, world)));
    return { slots: slots.filter((slot) => slot !== null) };
  });
}

interface Survey {
  readonly database: string;
  /** Owners of the tables to be published, and of schemas that could not be used otherwise. */
  readonly owners: readonly string[];
  readonly tables: readonly PublishableTable[];
  readonly plan: IdentityPlan;
}

async function survey(source: Server<'source'>, database: string, world: World): Promise<Survey> {
  const session = await source.session(database);
  const tables = await session.query<PublishableTable>(sql.publishableTables);
  const closed = await session.query<{ owner: string }>(sql.ownersOfClosedSchemas);
  const owners = [...tables, ...closed].map(({ owner }) => owner);
  return { database, owners, tables, plan: planIdentitiesFor(tables, world.environment.policy) };
}

function refuseObstacles(surveys: readonly Survey[]): void {
  const obstacles = surveys.flatMap(({ database, plan }) =>
    plan.obstacles.map((obstacle) => `in database ${JSON.stringify(database)} table ${obstacle}`),
  );
  if (obstacles.length === 0) return;
  const more = obstacles.length > NAMED_OBSTACLES ? ` and ${obstacles.length - NAMED_OBSTACLES} more` : '';
  throw new Blocked(
    `${obstacles.slice(0, NAMED_OBSTACLES).join('; ')}${more}: add a primary key or a unique index over NOT NULL columns, ` +
      'or allow missingReplicaIdentity full',
  );
}

/** On the copy road the slot comes later, together with the snapshot that rows are read under. */
async function prepareDatabase(source: Server<'source'>, found: Survey, world: World): Promise<SlotFacts | null> {
  const session = await source.another(found.database);
  for (const { schema, name, identity } of found.plan.set) {
    await setReplicaIdentity(session, world.expect('seeding'), { schema, name }, identity);
  }
  await session.close();
  const plan = { expected: world.expect('seeding'), execution: world.call.execution, tables: found.tables };
  if (world.environment.policy.road === 'copy') {
    await ensurePublished(source, found.database, plan);
    await offerTables(source, found, plan.expected, world);
    return null;
  }
  const slot = await ensureStream(source, found.database, {
    ...plan,
    slotTimeoutMs: Math.max(5_000, Math.min(SLOT_MAX_WAIT_MS, world.remainingMs() - SLOT_RESERVE_MS)),
  });
  world.log.fact('slot ready', { database: found.database, slot: slot.slot, lsn: slot.startLsn });
  return slot;
}

/** Beside the publication, which the proof reads with every engine. */
async function offerTables(
  source: Server<'source'>,
  { database, tables, plan }: Survey,
  expected: Expectation,
  world: World,
): Promise<void> {
  const session = await source.another(database);
  const lock = `sealift/${world.migrationId}/offer`;
  const offered = tables
    .filter(({ root }) => !root)
    .map((table): OfferedTable => {
      const { schema, name } = table;
      return { schema, name, changes: plan.insertsOnly.includes(table) ? 'inserts' : 'all' };
    });
  try {
    await withAdvisoryLock(session, lock, () =>
      engineFor(world.environment.policy).offer(session, { expected, tables: offered }),
    );
  } finally {
    await session.close();
  }
}
