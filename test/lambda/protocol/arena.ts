/**
 * Two servers with the ledger of one migration, whose applications can log in on one side, and the product's steps as calls that
 * can be struck at every statement. No rows travel: phases, epochs, fences and flips are what is looked at, so that a case takes
 * seconds. A case begins where the target follows the source.
 */
import { setServers } from 'node:dns';
import { checkServerIdentity } from 'node:tls';
import { Client } from 'pg';
import type { Phase, StepName } from '../../../lambda/contract';
import type { InstanceFacts } from '../../../lambda/contract/instance';
import { keepEvidence } from '../../../lambda/platform/evidence';
import { ensureLedger } from '../../../lambda/platform/ledger';
import { HOME_DATABASE, streamName } from '../../../lambda/platform/names';
import { Server } from '../../../lambda/platform/postgres';
import { closeLogins } from '../../../lambda/platform/role-logins';
import { World } from '../../../lambda/platform/world';
import { OPERATOR_ACCESS_KEY_ID } from '../../../lib/rehearsal/control-plane/callers';
import type { PostgresServer } from '../../../lib/rehearsal/servers/postgres-server';
import { startRdsHooks } from '../../../lib/rehearsal/servers/rds-hooks';
import { type LocalAws, REGION, startLocalAws } from '../../rehearsal/control-plane/support/local-aws';
import { MASTER, MIGRATION_ID, REPLICATION, Stage } from '../seed/stage';
import * as sql from './arena-sql';
import { type Fate, GatedCall, gateTheDriver } from './gated-call';

/** The side of a server when the migration began; on the way back its role is the other one. */
export type Place = 'source' | 'target';

/** Databases that the migration moves. */
export const NAMES: readonly string[] = ['app'];

const PLACES: readonly Place[] = ['source', 'target'];
const RECORD = 'db.example.test';
const BUCKET = 'evidence';
const KEY_ARN = 'arn:key';
const EXCLUDED = ['Odd "name"', HOME_DATABASE];
/** Nothing here outlives a crash, and logins are many. */
const SETTINGS = { fsync: 'off', scram_iterations: 1, max_connections: 200 };
const LOGIN_MS = 5_000;

/** A ledger's home row. */
export interface Stand {
  readonly side: Place;
  readonly phase: Phase;
  readonly epoch: string;
  readonly execution: string;
  readonly turned: boolean;
}

/** Who calls. */
export interface Caller {
  readonly execution: string;
  readonly epoch: string;
  /** With the sides turned round. */
  readonly back: boolean;
}

/** What a step is given. */
export interface Sides {
  readonly source: Server<'source'>;
  readonly target: Server<'target'>;
  readonly world: World;
  readonly instances: { readonly source: InstanceFacts; readonly target: InstanceFacts };
}

/** The two servers. */
export class Arena {
  private logins = '';
  /** Sessions of applications that were open before, by where. */
  private readonly kept = new Map<Place, Client>();
  /** Sessions of RDS's administrator, by server and database. */
  private readonly admins = new Map<string, Promise<Client>>();
  private readonly calls = new Set<GatedCall>();
  private written = 0;

  private constructor(
    private readonly stage: Stage,
    private readonly servers: Readonly<Record<Place, PostgresServer>>,
    private readonly aws: LocalAws,
    private readonly zoneId: string,
    private readonly secretArn: string,
    private readonly ends: readonly (() => unknown)[],
  ) {}

  static async start(major: number): Promise<Arena> {
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
    const { arn } = aws.plane.secrets.create({ name: 'replication', value: JSON.stringify(REPLICATION) });
    const stage = await Stage.start(major, SETTINGS);
    await stage.source.withAdmin(HOME_DATABASE, (session) => session.query(sql.makeFlips));
    await stage.source.withAdmin('app', (session) => session.query(sql.makeAttempts));
    const target = await stage.copy('target', SETTINGS);
    await target.start();
    const hooks = [stage.source, target].map((server) => startRdsHooks(server, 20));
    const arena = new Arena(stage, { source: stage.source, target }, aws, zoneId, arn, [...hooks, gateTheDriver()]);
    arena.logins = await arena.prior('source');
    for (const place of PLACES) {
      const where = { bucket: BUCKET, migrationId: MIGRATION_ID, execution: 'inspected', name: `endpoint-${place}` };
      await keepEvidence(where, { host: arena.host(place), port: arena.servers[place].port });
    }
    return arena;
  }

  /** Begins a case: nothing is left of the one before, the target follows and its applications are shut out. */
  async begin(execution: string, claim: () => Promise<string>): Promise<void> {
    for (const call of this.calls) await call.die();
    this.calls.clear();
    await this.clear();
    this.point('source');
    const epoch = await claim();
    const { source, target } = this.sides('adopt', { execution, epoch, back: false });
    for (const name of [HOME_DATABASE, ...NAMES]) await ensureLedger(await target.session(name));
    await everywhere(async (place) => {
      await this.on(place, HOME_DATABASE, sql.beginAtHome(place, epoch, execution));
      for (const name of NAMES) await this.on(place, name, sql.rowOf(place, epoch, execution));
    });
    const home = await target.home();
    await home.transaction(() => closeLogins(home, MIGRATION_ID));
    await Promise.all([source.close(), target.close()]);
    for (const name of NAMES) await this.on('source', name, sql.publishForth(streamName(MIGRATION_ID, name)));
  }

  /** Starts a call of a step and waits until it ends, dies or freezes. */
  async call(step: StepName, caller: Caller, fate: Fate, work: (sides: Sides) => Promise<unknown>): Promise<GatedCall> {
    const call = this.start(step, caller, fate, work);
    await call.standstill();
    return call;
  }

  /** Starts a call of a step. */
  start(step: StepName, caller: Caller, fate: Fate, work: (sides: Sides) => Promise<unknown>): GatedCall {
    const call = new GatedCall(
      step,
      fate,
      (port, processes) => this.endBackends(port, processes),
      async () => {
        const sides = this.sides(step, caller);
        try {
          return await work(sides);
        } finally {
          await Promise.all([sides.source.close(), sides.target.close()]);
        }
      },
    );
    this.calls.add(call);
    return call;
  }

  /** The frozen calls, oldest first. */
  frozen(): GatedCall[] {
    return [...this.calls].filter(({ state }) => state === 'frozen');
  }

  /** The home ledger of a server; null without one. */
  async stand(place: Place): Promise<Stand | null> {
    const [found] = await this.on<{ there: boolean }>(place, HOME_DATABASE, sql.ledgerThere);
    return found?.there === true ? ((await this.on<Stand>(place, HOME_DATABASE, sql.stand))[0] ?? null) : null;
  }

  /** Whether an application can write on a server: a new session, or one that it kept. */
  async writable(place: Place): Promise<boolean> {
    const kept = this.kept.get(place);
    if (kept !== undefined && (await this.write(kept, place))) return true;
    this.kept.delete(place);
    const fresh = await this.login(place);
    if (fresh === null) return false;
    this.kept.set(place, fresh);
    return this.write(fresh, place);
  }

  /** How often a server was made live in this case. */
  async flips(place: Place): Promise<number> {
    return (await this.on(place, HOME_DATABASE, 'select epoch from flips')).length;
  }

  /** Roles with their logins and limits, as one text. */
  async prior(place: Place): Promise<string> {
    return JSON.stringify(await this.on(place, HOME_DATABASE, sql.applicationRoles));
  }

  /** Logins and limits as they were before the migration. */
  get priorLogins(): string {
    return this.logins;
  }

  async close(): Promise<void> {
    for (const call of this.calls) await call.die();
    const admins = await Promise.all(this.admins.values());
    await Promise.all([...this.kept.values(), ...admins].map((client) => client.end().catch(() => undefined)));
    for (const end of this.ends) await end();
    await this.stage.run.stopAll();
    await this.aws.close();
  }

  private host(place: Place): string {
    return `${place}.rds.test`;
  }

  private point(place: Place): void {
    const records = [{ Value: this.host(place) }];
    this.aws.plane.route53.setRecord(this.zoneId, { Name: RECORD, Type: 'CNAME', TTL: 5, ResourceRecords: records });
  }

  private sides(step: StepName, { execution, epoch, back }: Caller): Sides {
    const { target } = this.servers;
    const rollback = { windowHours: 1, host: '127.0.0.1', port: target.port };
    const policy = { rollback, excludeDatabases: EXCLUDED, cutoverBudgetSeconds: 20 };
    const base = this.stage.world(step, epoch, { execution, policy });
    const world = new World(step, base.call, base.remainingMs, {
      ...base.environment,
      switch: { kind: 'route53', hostedZoneId: this.zoneId, recordName: RECORD, ttlSeconds: 5 },
      evidenceBucket: BUCKET,
      replicationSecretArn: this.secretArn,
      keyArn: KEY_ARN,
    });
    const [left, right]: readonly [Place, Place] = back ? ['target', 'source'] : ['source', 'target'];
    return {
      world,
      source: this.connect('source', left, world),
      target: this.connect('target', right, world),
      instances: { source: this.facts(left), target: this.facts(right) },
    };
  }

  /** Not by the stage, which would wait for the sessions of dead calls at its end. */
  private connect<S extends Place>(side: S, place: Place, world: World): Server<S> {
    return new Server(side, {
      endpoint: { host: '127.0.0.1', port: this.servers[place].port },
      credentials: MASTER,
      applicationName: world.applicationName(),
      trustedCa: this.stage.authority.caPem,
    });
  }

  private facts(place: Place): InstanceFacts {
    return {
      endpoint: { bucket: BUCKET, key: `migrations/${MIGRATION_ID}/inspected/endpoint-${place}.json` },
      instanceId: place,
      arn: `arn:${place}`,
      resourceId: place,
      status: 'available',
      engine: 'postgres',
      engineVersion: String(this.servers[place].major),
      instanceClass: 'db.t4g.micro',
      masterUsername: MASTER.username,
      masterSecretArn: null,
      encryption: place === 'target' ? { type: 'sse-kms', keyArn: KEY_ARN } : { type: 'none', keyArn: null },
      multiAz: false,
      publiclyAccessible: false,
      deletionProtection: true,
      backupRetentionDays: 7,
      allocatedStorageGib: 20,
      parameterGroups: [],
    };
  }

  private async on<R extends object>(place: Place, database: string, text: string, values?: unknown[]): Promise<R[]> {
    const key = `${place} ${database}`;
    const admin = this.admins.get(key) ?? this.servers[place].admin(database);
    this.admins.set(key, admin);
    return (await (await admin).query<R>({ text, values })).rows;
  }

  private async clear(): Promise<void> {
    await Promise.all([...this.kept.values()].map((client) => client.end().catch(() => undefined)));
    this.kept.clear();
    await everywhere((place) => this.on(place, HOME_DATABASE, sql.endSessions));
    await everywhere(async (place) => {
      for (const name of [...NAMES, HOME_DATABASE]) await this.on(place, name, sql.forgetInDatabase);
    });
    await everywhere((place) => this.on(place, HOME_DATABASE, sql.forgetAtHome));
  }

  private async login(place: Place): Promise<Client | null> {
    const { port, caPem } = this.servers[place];
    const client = new Client({
      host: '127.0.0.1',
      port,
      user: 'app_writer',
      password: 'writer',
      database: 'app',
      connectionTimeoutMillis: LOGIN_MS,
      ssl: { ca: caPem, checkServerIdentity: (_, certificate) => checkServerIdentity('127.0.0.1', certificate) },
    });
    client.on('error', () => undefined);
    try {
      await client.connect();
      return client;
    } catch (error) {
      await client.end().catch(() => undefined);
      // Refused is what a fence does; anything else tells nothing about who may write.
      if ((error as { code?: unknown }).code === '28000') return null;
      throw error;
    }
  }

  private async write(client: Client, place: Place): Promise<boolean> {
    this.written += 1;
    return client.query('insert into attempts (n, place) values ($1, $2)', [this.written, place]).then(
      () => true,
      () => false,
    );
  }

  private async endBackends(port: number, processes: readonly number[]): Promise<void> {
    const place = PLACES.find((one) => this.servers[one].port === port);
    if (place !== undefined) await this.on(place, HOME_DATABASE, sql.endBackends, [processes]);
  }
}

async function everywhere(work: (place: Place) => Promise<unknown>): Promise<void> {
  await Promise.all(PLACES.map(work));
}
