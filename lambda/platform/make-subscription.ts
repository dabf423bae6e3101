/** Making subscriptions to slots that exist; nothing is copied, and nothing runs before its origin is where it begins (facts A2, A15). */
import type { Endpoint } from '../contract/instance';
import { Blocked } from '../errors';
import { connectionString } from './connection-string';
import { applicationPrefix, streamName } from './names';
import type { Credentials, Session, Statement } from './postgres';
import { ident, literal } from './quote';
import type { World } from './world';

/** The subscription of that name, without the column that holds passwords. */
export function findSubscription(name: string): Statement {
  return {
    text: `select oid::text as oid, subenabled as enabled, subslotname as slot, subpublications as publications
      from pg_subscription
      where subname = $1 and subdbid = (select oid from pg_database where datname = current_database())`,
    values: [name],
  };
}

/** Hands the connection string to `createSubscription` of the same transaction, as a value and not in a statement's text. */
function offerConnection(connection: string): Statement {
  return { text: `select set_config('sealift.connection', $1, true) is null as offered`, values: [connection] };
}

/**
 * Makes a disabled subscription to a slot that exists; an option counts from the major on at which both sides know it (manual,
 * "CREATE SUBSCRIPTION", notes of 14 and 16). Without `disable_on_error`: it disables on a cut connection as well,
 * so that a restart of the source would end the stream (measured on 15.18; fault 27). Inside a DO block, because statement logs and errors quote the text of
 * a statement, and the connection holds a password (security 39); the error is raised anew for the same reason: its context
 * would quote the inner statement.
 */
function createSubscription(name: string, major: number, { publisherMajor, localOnly }: SubscriptionPlan): Statement {
  const options = [
    'create_slot = false',
    `slot_name = ${literal(name)}`,
    'copy_data = false',
    'enabled = false',
    // From 18 on streaming is the default: it is said where the publisher cannot.
    ...(major >= 14 ? [`streaming = ${publisherMajor >= 14 ? 'on' : 'off'}`, 'binary = false'] : []),
    ...(localOnly && major >= 16 && publisherMajor >= 16 ? ['origin = none'] : []),
  ].join(', ');
  const inner = `create subscription %I connection %L publication %I with (${options})`;
  return {
    text: `do $block$
      begin
        execute format(${literal(inner)}, ${literal(name)}, current_setting('sealift.connection'), ${literal(name)});
      exception when others then
        raise exception using errcode = sqlstate, message = sqlerrm;
      end $block$`,
  };
}

/** Sets where a subscription begins: transactions whose commit starts before are skipped (experiments 4). */
export function advanceOrigin(subscriptionOid: string, seedLsn: string): Statement {
  return { text: 'select pg_replication_origin_advance($1, $2::pg_lsn)', values: [`pg_${subscriptionOid}`, seedLsn] };
}

/** Lets a subscription run. */
export function enableSubscription(name: string): Statement {
  return { text: `alter subscription ${ident(name)} enable` };
}

/** What the target can run, and what runs already; from 18 origins have a setting of their own. */
const applyCapacity: Statement = {
  text: `select current_setting('max_logical_replication_workers')::integer as "logicalWorkers",
      current_setting('max_worker_processes')::integer as "workerProcesses",
      coalesce(current_setting('max_active_replication_origins', true),
        current_setting('max_replication_slots'))::integer as origins,
      (select count(*) from pg_subscription where subenabled)::integer as running`,
};

/** A subscription as `findSubscription` shows it. */
export interface SubscriptionRow {
  readonly oid: string;
  readonly enabled: boolean;
  readonly slot: string | null;
  readonly publications: readonly string[];
}

/** True when the subscription reads the slot and the publication of its own name. */
export function isOurSubscription(subscription: SubscriptionRow, name: string): boolean {
  return subscription.slot === name && subscription.publications.length === 1 && subscription.publications[0] === name;
}

/** What a subscription is made with. */
export interface SubscriptionPlan {
  readonly name: string;
  /** As `connectionFor` builds it. */
  readonly connection: string;
  /** Major of the server that publishes. */
  readonly publisherMajor: number;
  /** From 16 on on both sides, leave out at the publisher whatever it got by replication itself. */
  readonly localOnly: boolean;
}

/**
 * Makes a disabled subscription, in a transaction of the caller's, and returns it; the publisher is asked for its tables, so
 * that one which does not answer is found at once. Throws `NotReady` for that.
 */
export async function makeSubscription(session: Session, plan: SubscriptionPlan): Promise<SubscriptionRow> {
  await session.query(offerConnection(plan.connection));
  await session.execute(createSubscription(plan.name, session.major, plan));
  return session.one<SubscriptionRow>(findSubscription(plan.name));
}

/** One worker follows each subscription; a server with too few would leave some databases behind in silence. */
export async function assertApplyCapacity(home: Session, missing: number): Promise<void> {
  const capacity = await home.one<{
    logicalWorkers: number;
    workerProcesses: number;
    origins: number;
    running: number;
  }>(applyCapacity);
  const needed = capacity.running + missing;
  const limits: readonly [string, number, number][] = [
    ['max_logical_replication_workers', capacity.logicalWorkers, needed],
    // One more for the launcher.
    ['max_worker_processes', capacity.workerProcesses, needed + 1],
    ['max_replication_slots (max_active_replication_origins from 18)', capacity.origins, needed],
  ];
  const short = limits.filter(([, has, wants]) => has < wants);
  if (short.length === 0) return;
  const list = short.map(([name, has, wants]) => `${name} is ${has}, ${wants} are needed`).join('; ');
  throw new Blocked(
    `the ${home.side} cannot run a worker for every database: ${list}; raise it in its parameter group`,
  );
}

/** How the server of one side reaches the other's `publisher`; `host` and `port` of the configuration come first. */
export function connectionFor(
  world: World,
  database: string,
  publisher: Endpoint,
  credentials: Credentials,
  { host, port }: { readonly host: string | null; readonly port: number | null },
): string {
  const { sslMode, rootCertificatePath } = world.environment.policy.replicationConnection;
  return connectionString({
    host: host ?? publisher.host,
    port: port ?? publisher.port,
    database,
    ...credentials,
    sslMode,
    rootCertificatePath,
    applicationName: `${applicationPrefix(world.migrationId, 'apply')}${streamName(world.migrationId, database)}`,
  });
}
