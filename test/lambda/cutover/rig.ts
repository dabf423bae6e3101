/** A followed source, a local AWS for record and evidence, and the steps of verification and cutover as a workflow calls them. */
import { setServers } from 'node:dns';
import type { Client } from 'pg';
import type { Phase, StepName } from '../../../lambda/contract';
import type { CanaryFacts, CutoverFacts } from '../../../lambda/contract/cutover';
import type { InstanceFacts } from '../../../lambda/contract/instance';
import type { Output } from '../../../lambda/contract/payloads';
import type { Holding } from '../../../lambda/contract/reap';
import type { Verification } from '../../../lambda/contract/replication';
import type { Policy, Switch } from '../../../lambda/contract/settings';
import { sendCanary } from '../../../lambda/cutover/canary';
import { cutoverOn } from '../../../lambda/cutover/cutover';
import { type GivenBack, giveBackOn } from '../../../lambda/cutover/give-back';
import { type Settled, settleOn } from '../../../lambda/cutover/settle';
import { keepEvidence } from '../../../lambda/platform/evidence';
import type { Server } from '../../../lambda/platform/postgres';
import { World } from '../../../lambda/platform/world';
import { takeOverOn } from '../../../lambda/reap/take-over';
import { turnRoundOn } from '../../../lambda/rollback/turn-round';
import { compareChunksOn } from '../../../lambda/verify/chunks';
import { concludeOn } from '../../../lambda/verify/conclude';
import { planOn } from '../../../lambda/verify/plan';
import { OPERATOR_ACCESS_KEY_ID } from '../../../lib/rehearsal/control-plane/callers';
import type { PostgresServer } from '../../../lib/rehearsal/servers/postgres-server';
import { type LocalAws, REGION, startLocalAws } from '../../rehearsal/control-plane/support/local-aws';
import { type Followed, follow } from '../proof/followed';
import { DATABASES, EXECUTION, MASTER, MIGRATION_ID, REPLICATION } from '../seed/stage';

export const RECORD = 'db.example.test';
const BUCKET = 'evidence';
const KEY_ARN = 'arn:key';
const endpointOf = (side: string) => ({
  bucket: BUCKET,
  key: `migrations/${MIGRATION_ID}/inspected/endpoint-${side}.json`,
});

/** Options of one call. */
export interface CallOptions {
  /** @default the epoch in the source's ledger */
  readonly epoch?: string;
  readonly policy?: Partial<Policy>;
  readonly execution?: string;
  /** @default the record */
  readonly switch?: Switch;
  /** The step runs on the way back: with the sides turned round. @default false */
  readonly back?: boolean;
}

type Sides = { readonly source: Server<'source'>; readonly target: Server<'target'>; readonly world: World };

/** A ledger's home row as the tests look at it. */
export interface Stand {
  readonly side: 'source' | 'target';
  readonly phase: Phase;
  readonly epoch: string;
  readonly facts: Record<string, unknown>;
  readonly execution: string;
}

/** One migration that follows its source, ready to be verified. */
export class Rig {
  readonly source: PostgresServer;
  readonly target: PostgresServer;
  private replicationSecretArn = 'arn:replication';
  private rollback: Policy['rollback'] = { windowHours: 0, host: null, port: null };

  private constructor(
    readonly followed: Followed,
    readonly aws: LocalAws,
    readonly zoneId: string,
  ) {
    this.source = followed.stage.source;
    this.target = followed.target;
  }

  static async start(major: number, fill: (source: PostgresServer) => Promise<void>): Promise<Rig> {
    const aws = await startLocalAws({
      route53: { propagationMs: 5 },
      authorize: () => ({ allowed: true, reason: 'everybody may do anything here' }),
    });
    Object.assign(process.env, {
      AWS_ENDPOINT_URL: aws.plane.endpointUrl,
      AWS_REGION: REGION,
      AWS_ACCESS_KEY_ID: OPERATOR_ACCESS_KEY_ID,
      AWS_SECRET_ACCESS_KEY: 'unused',
    });
    setServers([aws.plane.nameServer]);
    aws.plane.s3.create(BUCKET);
    const { zoneId } = aws.plane.route53.create('example.test');
    try {
      const rig = new Rig(await follow(major, {}, fill), aws, zoneId);
      rig.point(rig.host('source'));
      await Promise.all([rig.keepEndpoint('source'), rig.keepEndpoint('target')]);
      return rig;
    } catch (error) {
      await aws.close();
      throw error;
    }
  }

  /** Configures a way back for every later call. */
  allowRollback(windowHours = 1): void {
    this.rollback = { windowHours, host: '127.0.0.1', port: this.target.port };
    const { arn } = this.aws.plane.secrets.create({ name: 'replication', value: JSON.stringify(REPLICATION) });
    this.replicationSecretArn = arn;
  }

  private record(): Switch {
    return { kind: 'route53', hostedZoneId: this.zoneId, recordName: RECORD, ttlSeconds: 5 };
  }

  /** Name of a side as RDS would give it. */
  host(side: 'source' | 'target'): string {
    return `${side}.rds.test`;
  }

  /** Points the record somewhere, as an operator would. */
  point(host: string): void {
    const records = [{ Value: host }];
    this.aws.plane.route53.setRecord(this.zoneId, { Name: RECORD, Type: 'CNAME', TTL: 5, ResourceRecords: records });
  }

  /** Port of the server that the record leads to at this moment. */
  resolve(): number {
    const host = this.aws.plane.route53.resolve(RECORD).replace(/\.$/, '');
    return host === this.host('target') ? this.target.port : this.source.port;
  }

  /** Runs a step on fresh connections, as one invocation would, and closes them. */
  async call<T>(step: StepName, work: (sides: Sides) => Promise<T>, options: CallOptions = {}): Promise<T> {
    const { stage } = this.followed;
    const back = options.back === true;
    const epoch = options.epoch ?? (await this.stand(back ? 'target' : 'source')).epoch;
    const policy = { rollback: this.rollback, ...options.policy };
    const base = stage.world(step, epoch, { ...options, policy });
    const environment = {
      ...base.environment,
      switch: options.switch ?? this.record(),
      evidenceBucket: BUCKET,
      replicationSecretArn: this.replicationSecretArn,
    };
    const world = new World(step, base.call, base.remainingMs, { ...environment, keyArn: KEY_ARN });
    const source = stage.server('source', back ? this.target : this.source, world);
    const target = stage.server('target', back ? this.source : this.target, world);
    try {
      return await work({ source, target, world });
    } finally {
      await Promise.all([source.close(), target.close()]);
    }
  }

  plan(options: CallOptions = {}): Promise<Output<'plan-verification'>> {
    return this.call('plan-verification', (to) => planOn(to.source, to.target, DATABASES, to.world), options);
  }

  chunks(worker = 0, options: CallOptions = {}): Promise<Output<'verify-chunks'>> {
    return this.call('verify-chunks', (to) => compareChunksOn(to.source, to.target, worker, to.world), options);
  }

  conclude(options: CallOptions = {}): Promise<Verification> {
    return this.call('conclude-verification', (to) => concludeOn(to.source, to.target, DATABASES, to.world), options);
  }

  /** Plan, chunks, conclusion. */
  async verify(options: CallOptions = {}): Promise<Verification> {
    await this.plan(options);
    await this.chunks(0, options);
    return this.conclude(options);
  }

  cutover(options: CallOptions = {}): Promise<CutoverFacts> {
    return this.call(
      'cutover',
      ({ source, target, world }) =>
        cutoverOn(source, target, { ...this.input(options.back), epoch: world.epoch }, world),
      options,
    );
  }

  /** `unnamed` asks the ledger which cutover it was that the caller began. */
  giveBack(
    options: CallOptions & { readonly withoutTarget?: boolean; readonly unnamed?: boolean } = {},
  ): Promise<GivenBack> {
    return this.call(
      'give-back',
      ({ source, target, world }) =>
        giveBackOn(
          source,
          options.withoutTarget === true ? null : target,
          { ...this.input(options.back), epoch: options.unnamed === true ? null : world.epoch },
          world,
        ),
      options,
    );
  }

  /** Takes over what `ended` holds, as the execution `options` names. */
  takeOver(ended: string, options: CallOptions): Promise<Holding> {
    return this.call('take-over', (to) => takeOverOn(to.source, to.target, ended, to.world), options);
  }

  settle(options: CallOptions = {}): Promise<Settled> {
    return this.call('settle', (to) => settleOn(to.source, to.target, DATABASES, to.world), options);
  }

  turnRound(mode: 'begin' | 'undo', options: CallOptions & { readonly takeOver?: string } = {}) {
    const execution = options.execution ?? EXECUTION;
    return this.call(
      'turn-round',
      (to) => turnRoundOn(to.source, to.target, { execution, mode, takeOver: options.takeOver ?? null }, to.world),
      options,
    );
  }

  /** Sends the canary with little patience; `leftMs` is what the function has left, `onMiss` runs when it did not land. */
  canary(options: CallOptions & { leftMs?: number; patienceMs?: number; onMiss?(): void } = {}): Promise<CanaryFacts> {
    const { leftMs = 60_000, patienceMs = 1_000, onMiss = () => undefined } = options;
    const remainingMs = () => {
      onMiss();
      return leftMs;
    };
    return this.call(
      'cutover',
      ({ target, world: { step, call, environment } }) =>
        sendCanary(new World(step, call, remainingMs, environment), this.input(), target, patienceMs),
      options,
    );
  }

  /** The home ledger of a side. */
  stand(side: 'source' | 'target'): Promise<Stand> {
    return this[side].withAdmin('postgres', async (session) => {
      const { rows } = await session.query(
        'select side, phase, epoch::text as epoch, facts, execution from sealift.migration',
      );
      return rows[0];
    });
  }

  /** Waits until `look` holds on the source's ledger; at most twenty seconds. */
  async untilStand(side: 'source' | 'target', look: (stand: Stand) => boolean): Promise<Stand> {
    for (let attempt = 0; attempt < 4_000; attempt += 1) {
      const stand = await this.stand(side);
      if (look(stand)) return stand;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    throw new Error('the ledger did not come to stand as expected');
  }

  /** Names of roles that may log in, ours and RDS's left out. */
  logins(side: 'source' | 'target'): Promise<string[]> {
    return this[side].withAdmin('postgres', async (session) => {
      const { rows } = await session.query<{ role: string }>(
        `select rolname as role from pg_roles where rolcanlogin and rolname !~ '^(pg_|rds|sealift_)'
          and rolname <> '${MASTER.username}' order by 1`,
      );
      return rows.map(({ role }) => role);
    });
  }

  /**
   * Makes the apply of markers of a kind, or the move of a side's ledger to a phase, take `seconds`; returns what takes that
   * away. It opens a window in which a test can act.
   */
  async slow(
    where: { readonly marker: string } | { readonly phase: Phase },
    seconds: number,
    side: 'source' | 'target' = 'target',
  ): Promise<() => Promise<void>> {
    const database = 'marker' in where ? 'app' : 'postgres';
    const [table, condition] =
      'marker' in where
        ? ['sealift.marker', `new.kind = '${where.marker}'`]
        : ['sealift.migration', `new.phase = '${where.phase}'`];
    await this[side].withAdmin(database, async (session) => {
      await session.query(`drop function if exists sealift.linger() cascade;
        create function sealift.linger() returns trigger language plpgsql as
        $$ begin perform pg_sleep(${seconds}); return new; end $$;
        create trigger linger before insert or update on ${table} for each row when (${condition})
          execute function sealift.linger();
        alter table ${table} enable always trigger linger`);
    });
    return () => this[side].withAdmin(database, drop);
    async function drop(session: Client): Promise<void> {
      await session.query('drop function sealift.linger() cascade');
    }
  }

  /** Ends the sessions of a step on both sides again and again, as if its process were dead, until `done` settles. */
  async killUntil(step: StepName, done: Promise<unknown>): Promise<void> {
    let over = false;
    const ended = done.then(
      () => {
        over = true;
      },
      () => {
        over = true;
      },
    );
    const kill = (server: PostgresServer) =>
      server.withAdmin('postgres', async (session) => {
        while (!over) {
          await session.query(
            'select pg_terminate_backend(pid) from pg_stat_activity where starts_with(application_name, $1)',
            [`sealift/${MIGRATION_ID}/${step}/`],
          );
          await new Promise((resolve) => setTimeout(resolve, 2));
        }
      });
    await Promise.all([kill(this.source), kill(this.target), ended]);
  }

  async close(): Promise<void> {
    await this.followed.close();
    await this.aws.close();
  }

  private input(back = false) {
    const [source, target] = [this.facts('source'), this.facts('target')];
    return { databases: DATABASES, source: back ? target : source, target: back ? source : target };
  }

  private async keepEndpoint(side: 'source' | 'target'): Promise<void> {
    const { bucket } = endpointOf(side);
    const where = { bucket, migrationId: MIGRATION_ID, execution: 'inspected', name: `endpoint-${side}` };
    await keepEvidence(where, { host: this.host(side), port: this[side].port });
  }

  private facts(side: 'source' | 'target'): InstanceFacts {
    return {
      endpoint: endpointOf(side),
      instanceId: side,
      arn: `arn:${side}`,
      resourceId: side,
      status: 'available',
      engine: 'postgres',
      engineVersion: String(this.source.major),
      instanceClass: 'db.t4g.micro',
      masterUsername: MASTER.username,
      masterSecretArn: null,
      encryption: side === 'target' ? { type: 'sse-kms', keyArn: KEY_ARN } : { type: 'none', keyArn: null },
      multiAz: false,
      publiclyAccessible: false,
      deletionProtection: true,
      backupRetentionDays: 7,
      allocatedStorageGib: 20,
      parameterGroups: [],
    };
  }
}
