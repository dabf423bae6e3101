/** What must hold right before the fence, looked at again however lately it was looked at (design section 5, step 1). */
import { Blocked, NotReady } from '../errors';
import { readLedger } from '../platform/ledger';
import { applicationSwitch, describeSwitch, switchRemedy } from '../platform/switch';
import type { World } from '../platform/world';
import { catalogDifferences } from '../proof/catalog-diff';
import { tapIsOpen } from '../proof/change-tap';
import { assertNoHiddenWriters } from './hidden-writers';
import * as sql from './sql';
import type { DatabaseStage, Stage } from './stage';

/** Most differences that a message names. */
const NAMED = 5;

/** Refuses the cutover before anything is touched; throws `Blocked` with the remedy. */
export async function checkBeforeOpening(stage: Stage): Promise<void> {
  const { world } = stage;
  assertEncrypted(stage);
  await assertSameCluster(stage);
  await assertNoOtherDatabases(stage);
  for (const name of stage.names) {
    if (!(await tapIsOpen(await stage.source.session(name), world.migrationId))) {
      throw new Blocked(
        `the tap of database ${JSON.stringify(name)} is gone, so it is unknown what changed since the verification, ` +
          'verify again',
      );
    }
  }
}

/** Throws when the source has a database that is neither moved nor left out on purpose: it was made after the assessment. */
export async function assertNoOtherDatabases({ sourceHome, names, world }: Stage): Promise<void> {
  const known = [...names, ...world.environment.policy.excludeDatabases];
  const others = await sourceHome.query<{ name: string }>(sql.otherDatabases(known));
  if (others.length === 0) return;
  const named = others.slice(0, NAMED).map(({ name }) => JSON.stringify(name));
  throw new Blocked(
    `databases ${named.join(', ')} of the source hold tables and are not replicated, because they were made or filled after the ` +
      'replication began: replicate anew, or name them in policy.excludeDatabases',
  );
}

/** The guardrails of the running replication; throws `NotReady` while the lag is too high. */
export async function checkBeforeFence(stage: Stage): Promise<void> {
  await assertNothingPrepared(stage);
  await assertNobodyBeyondTheFence(stage);
  await assertNoHiddenWriters(stage);
  await assertSwitch(stage);
  await Promise.all(stage.databases.map((database) => assertStream(stage, database)));
}

/** Throws when a prepared transaction exists on the source: `commit prepared` would pass every fence (fault 52). */
export async function assertNothingPrepared(stage: Stage): Promise<void> {
  const prepared = await stage.sourceHome.query<{ gid: string; owner: string }>(sql.preparedTransactions);
  if (prepared.length === 0) return;
  const named = prepared.slice(0, NAMED).map(({ gid, owner }) => `${JSON.stringify(gid)} of ${owner}`);
  throw new Blocked(
    `prepared transactions exist on the source: ${named.join(', ')}, commit or roll them back and start the cutover again`,
  );
}

/** Throws when the switch does not lead to the source: somebody else's change is never overwritten (faults 93, 111). */
export async function assertSwitch({ world, instances, hosts }: Stage): Promise<void> {
  const { environment } = world;
  const facts = await applicationSwitch(environment).look(hosts);
  if (facts.pointsTo === 'source') return;
  const remedy = switchRemedy(facts, instances.source.instanceId, environment.policy.recordTtlSeconds);
  throw new Blocked(`${describeSwitch(facts)} and must lead to the source: ${remedy}, or configure another switch`);
}

function assertEncrypted({ instances, world, turned }: Stage): void {
  // The way back leads to where the applications came from, as it is.
  if (turned) return;
  const { target } = instances;
  if (target.kind === 'server') {
    throw new Blocked(`target ${target.instanceId} is no instance of RDS, so that nothing says how it is encrypted`);
  }
  const { encryption, instanceId } = target;
  if (encryption.type === 'sse-kms' && encryption.keyArn === world.environment.keyArn) return;
  throw new Blocked(
    `target ${instanceId} is encrypted by ${encryption.type} under ${encryption.keyArn ?? 'no key'}, expected sse-kms under ` +
      `${world.environment.keyArn}, restore it from a snapshot copied with that key`,
  );
}

/** Behind the same name may stand another cluster or a standby (faults 28, 29). */
async function assertSameCluster({ sourceHome, world }: Stage): Promise<void> {
  const row = await readLedger(sourceHome, world.migrationId);
  const found = await sourceHome.one<{ systemIdentifier: string; standby: boolean }>(sql.cluster);
  if (found.systemIdentifier === row?.systemIdentifier && !found.standby) return;
  throw new Blocked(
    `the source is ${found.standby ? 'a standby' : 'no standby'} with system identifier ${found.systemIdentifier}, the ` +
      `migration began on the primary of ${row?.systemIdentifier ?? 'another'}: it is another server`,
  );
}

/** NOLOGIN does not reach the master user and superusers: an application that uses one would come back behind the flip. */
async function assertNobodyBeyondTheFence({ sourceHome, world }: Stage): Promise<void> {
  const found = await sourceHome.query<{ username: string; application: string }>(
    sql.sessionsBeyondTheFence(world.migrationId),
  );
  if (found.length === 0) return;
  const named = found.map(({ username, application }) => `${username} (application ${JSON.stringify(application)})`);
  throw new Blocked(
    `sessions that no fence refuses are open on the source: ${[...new Set(named)].slice(0, NAMED).join(', ')}, close them, ` +
      'and let applications use roles of their own',
  );
}

async function assertStream(stage: Stage, database: DatabaseStage): Promise<void> {
  const { world } = stage;
  const { engine, slot: stream } = database;
  const [slot] = await database.pair.source.query<{ active: boolean; walStatus: string; lagBytes: string }>(
    sql.slotHealth(stream),
  );
  if (slot === undefined || slot.walStatus === 'lost') {
    throw new Blocked(`slot ${stream} is ${slot?.walStatus ?? 'gone'}, the target cannot catch up, replicate anew`);
  }
  const follower = await engine.state(database.pair.target, world.migrationId);
  if (follower?.enabled !== true) {
    const name = engine.followerName(world.migrationId, database.name);
    throw new Blocked(`subscription ${name} is ${follower === null ? 'gone' : 'disabled'}, look at its error`);
  }
  const read = engine.holdsSlot ? slot.active : follower.working;
  if (!read) throw new NotReady(`slot ${stream} has no reader at the moment, the subscription reconnects`);
  const maxLagBytes = world.environment.policy.cutoverMaxLagBytes;
  if (Number(slot.lagBytes) > maxLagBytes) {
    throw new NotReady(
      `slot ${stream} is ${slot.lagBytes} bytes behind, at most ${maxLagBytes} are allowed for a cutover`,
    );
  }
  await assertDefinitions(world, database);
}

/** Both catalogues say the same, and what the verification read is still what is there: rows of a newer table were not compared. */
async function assertDefinitions(world: World, { name, pair, catalog }: DatabaseStage): Promise<void> {
  const drift = await catalogDifferences(pair.source, pair.target);
  if (drift.length > 0) {
    throw new Blocked(
      `the catalogues of database ${JSON.stringify(name)} differ: ${drift.slice(0, NAMED).join('; ')}, ` +
        'make the same change on the target and verify again',
    );
  }
  const verified = (await readLedger(pair.source, world.migrationId))?.facts.verifiedCatalog;
  if (verified === undefined || verified === catalog) return;
  throw new Blocked(
    `definitions or roles of database ${JSON.stringify(name)} were changed on the source since it was verified, verify again`,
  );
}
