/**
 * Lets the target follow the source: subscription without copy, origin where the rows that are there end, enabled, in one
 * transaction with the check of the ledger (facts A2, A15). What runs is never advanced again.
 *
 *   snapshot road: all databases from the seed; the slots began before it
 *   copy road:     every database from its slot's consistent point, where the snapshot that its rows were read under ends
 */
import * as z from 'zod';
import type { Endpoint } from '../contract/instance';
import type { Input, Output } from '../contract/payloads';
import { Blocked } from '../errors';
import type { Engine, Following } from '../platform/engines/engine';
import { carrierOf, engineFor } from '../platform/engines/engines';
import { assertCurrent, type LedgerRow } from '../platform/ledger';
import { followHome, followSource, moveEverywhere } from '../platform/ledger-follow';
import { bothSides, claimedCall, databases } from '../platform/payload';
import type { Credentials, Server, Session } from '../platform/postgres';
import { endPredecessors } from '../platform/predecessors';
import { readCredentials } from '../platform/secrets';
import { copiedSnapshotOf, sameSnapshot, snapshotFactsOf } from '../platform/snapshot-facts';
import type { World } from '../platform/world';
import { parseLsn } from '../proof/lsn';
import * as sql from './sql';

/** Input of the step. */
export const subscribeInput = claimedCall.extend({
  ...bothSides,
  databases,
  seedLsn: z
    .string()
    .regex(/^[0-9A-F]{1,8}\/[0-9A-F]{1,8}$/i)
    .nullable(),
});

/** What a subscription is made of beside the servers. */
export type SubscribeInput = Pick<Input<'subscribe'>, 'databases' | 'seedLsn'> & {
  /** How the target's server reaches the source's when the policy names nothing else. */
  readonly sourceEndpoint: Endpoint;
};

/** Opens both servers and subscribes. */
export async function subscribe(input: Input<'subscribe'>, world: World): Promise<Output<'subscribe'>> {
  const replication = await readCredentials(world.environment.replicationSecretArn);
  const [source, target] = await Promise.all([world.openSource(input.source), world.openTarget(input.target)]);
  return subscribeOn(
    source,
    target,
    { ...input, sourceEndpoint: await world.endpointOf(input.source) },
    replication,
    world,
  );
}

/**
 * Subscribes every database and moves both sides to `replicating`. Throws `Blocked` when the seed is not the adopted one, a
 * slot has gone past it, a foreign subscription has our name, or the target has too few workers.
 */
export async function subscribeOn(
  source: Server<'source'>,
  target: Server<'target'>,
  input: SubscribeInput,
  replication: Credentials,
  world: World,
): Promise<Output<'subscribe'>> {
  const expected = world.expect('seeding', 'replicating');
  const [sourceHome, home] = await Promise.all([source.home(), target.home()]);
  await endPredecessors(home, world.migrationId, world.step);
  assertSeed(await followSource(sourceHome, home, expected), input.seedLsn);
  for (const database of input.databases) await followHome(home, await target.session(database), expected);
  const engine = engineFor(world.environment.policy);
  const missing = await missingOf(target, input.databases, engine, world);
  await engine.assertCapacity(home, missing.length);
  const following = { world, replication, sourceEndpoint: input.sourceEndpoint, sourceMajor: sourceHome.major };
  await Promise.all(
    missing.map(async (database) => {
      const startLsn = input.seedLsn ?? (await copiedUpTo(source, target, database, world));
      const { slot } = await carrierOf(await source.session(database), world.migrationId);
      await assertSlotBefore(sourceHome, slot, startLsn);
      await follow(await target.another(database), startLsn, engine, following);
    }),
  );
  await moveEverywhere(source, input.databases, expected, 'replicating');
  await moveEverywhere(target, input.databases, expected, 'replicating');
  const subscriptions = input.databases.map((database) => ({
    database,
    subscription: engine.followerName(world.migrationId, database),
  }));
  return { subscriptions };
}

/** A seed that travelled through a state must be the one that the copy itself told. */
function assertSeed({ facts }: LedgerRow, seedLsn: string | null): void {
  if ((facts.seedLsn ?? null) === seedLsn) return;
  throw new Blocked(
    `seed ${seedLsn ?? 'none'} was given and the target was adopted with ${String(facts.seedLsn ?? 'none')}, start the phase again`,
  );
}

/**
 * Where the slot of a copied database begins: only what was copied completely under the snapshot of that very slot may go on
 * from there, or changes would be lost or doubled.
 */
async function copiedUpTo(
  source: Server<'source'>,
  target: Server<'target'>,
  database: string,
  world: World,
): Promise<string> {
  const expected = world.expect('seeding', 'replicating');
  const held = snapshotFactsOf((await assertCurrent(await source.session(database), expected)).facts);
  const copied = copiedSnapshotOf((await assertCurrent(await target.session(database), expected)).facts);
  if (held !== null && sameSnapshot(held, copied)) return held.consistentPoint;
  throw new Blocked(
    `the rows of target database ${JSON.stringify(database)} are ${copied === null ? 'not complete' : 'of another snapshot'} ` +
      `than that of slot ${held?.slot ?? 'none'}, copy them first`,
  );
}

/** Databases without a running subscription; one that runs is left as it is. */
async function missingOf(
  target: Server<'target'>,
  names: readonly string[],
  engine: Engine,
  world: World,
): Promise<string[]> {
  const missing: string[] = [];
  for (const database of names) {
    if (!(await engine.follows(await target.session(database), world.migrationId))) missing.push(database);
  }
  return missing;
}

/** A slot beyond where rows end would be fast-forwarded in silence: loss (facts A7). */
async function assertSlotBefore(sourceHome: Session<'source'>, slot: string, startLsn: string): Promise<void> {
  const [found] = await sourceHome.query<{ confirmedLsn: string | null; walStatus: string | null }>(
    sql.slotState(slot),
  );
  const confirmed = found?.confirmedLsn ?? null;
  if (confirmed !== null && found?.walStatus !== 'lost' && parseLsn(confirmed) <= parseLsn(startLsn)) return;
  throw new Blocked(
    `slot ${slot} cannot start from ${startLsn}: it stands at ${confirmed ?? 'nothing'} with wal status ` +
      `${found?.walStatus ?? 'unknown'}, release the migration and start again`,
  );
}

async function follow(
  session: Session<'target'>,
  startLsn: string,
  engine: Engine,
  following: Following,
): Promise<void> {
  const { database } = session;
  const made = await engine.follow(session, startLsn, following);
  await session.close();
  const subscription = engine.followerName(following.world.migrationId, database);
  following.world.log.fact(made ? 'subscription made' : 'subscription enabled', { database, subscription });
}
