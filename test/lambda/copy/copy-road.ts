/** Both servers and a local AWS, and the steps of the copy road called as a state machine calls them. */
import { SCHEMA_VERSION, type StepName } from '../../../lambda/contract';
import type { InstanceFacts } from '../../../lambda/contract/instance';
import type { DmsSettings, Policy } from '../../../lambda/contract/settings';
import { readLedger } from '../../../lambda/platform/ledger';
import { replicationRole } from '../../../lambda/platform/names';
import { World } from '../../../lambda/platform/world';
import { claim } from '../../../lambda/seed/claim';
import { OPERATOR_ACCESS_KEY_ID } from '../../../lib/rehearsal/control-plane/callers';
import type { Binaries } from '../../../lib/rehearsal/servers/binaries';
import type { Settings } from '../../../lib/rehearsal/servers/data-directory';
import { type LocalAws, REGION, startLocalAws } from '../../rehearsal/control-plane/support/local-aws';
import { POLICY } from '../seed/stage';
import { MASTER, Pair } from './schema/pair';

process.env.POWERTOOLS_LOG_LEVEL = 'SILENT';

const BUCKET = 'evidence';

export const MIGRATION_ID = 'road';

/** What the application logs in with on the source, and keeps. */
export const KEPT_PASSWORD = 'kept-password-of-app';

/** What every recipe is called with. */
export interface Asked {
  readonly schemaVersion: typeof SCHEMA_VERSION;
  readonly execution: string;
  readonly epoch: string;
  readonly source: InstanceFacts;
  readonly target: InstanceFacts;
  readonly databases: readonly string[];
}

/** What a road is started with beside majors and databases. */
export interface RoadOptions {
  readonly settings?: Settings;
  readonly binaries?: Binaries | undefined;
  readonly policy?: Partial<Policy>;
  readonly aws?: Parameters<typeof startLocalAws>[0];
}

export class CopyRoad {
  /** Epoch of the last claim. */
  epoch = '0';
  execution = '';
  /** What tasks of DMS run on, where they do. */
  dms: DmsSettings | undefined;

  private constructor(
    readonly pair: Pair,
    readonly aws: LocalAws,
    private readonly secrets: { readonly master: string; readonly replication: string; readonly app: string },
    /** ARN of the secret of new passwords. */
    readonly rolePasswordsArn: string,
    readonly databases: readonly string[],
    private readonly policy: Partial<Policy>,
  ) {}

  static async start(
    majors: readonly [number, number],
    databases: readonly string[],
    options: RoadOptions = {},
  ): Promise<CopyRoad> {
    const aws = await startLocalAws({
      authorize: () => ({ allowed: true, reason: 'everybody may do anything here' }),
      ...options.aws,
    });
    Object.assign(process.env, {
      AWS_ENDPOINT_URL: aws.plane.endpointUrl,
      AWS_REGION: REGION,
      AWS_ACCESS_KEY_ID: OPERATOR_ACCESS_KEY_ID,
      AWS_SECRET_ACCESS_KEY: 'unused',
    });
    aws.plane.s3.create(BUCKET);
    const secret = (name: string, value: object) =>
      aws.plane.secrets.create({ name, value: JSON.stringify(value) }).arn;
    const secrets = {
      master: secret('master', MASTER),
      replication: secret('replication', {
        username: replicationRole(MIGRATION_ID),
        password: 'replication-password',
      }),
      app: secret('app', { username: 'app', password: KEPT_PASSWORD }),
    };
    try {
      const pair = await Pair.start(...majors, options.settings, options.binaries);
      const passwords = secret('role-passwords', {});
      return new CopyRoad(pair, aws, secrets, passwords, databases, options.policy ?? {});
    } catch (error) {
      await aws.close();
      throw error;
    }
  }

  /** Begins an execution, which takes the claim. */
  async begin(execution: string): Promise<void> {
    this.execution = `arn:aws:states:${REGION}:111122223333:execution:migrate:${execution}`;
    const claimed = await this.call('claim', ({ epoch: _, target: __, ...asked }, world) =>
      claim({ ...asked, takeOver: null, mode: 'hold' }, world),
    );
    this.epoch = claimed.epoch;
  }

  /** Calls a recipe on fresh connections, as one invocation would. */
  async call<T>(
    step: StepName,
    recipe: (asked: Asked, world: World) => Promise<T>,
    { epoch = this.epoch, execution = this.execution }: { readonly epoch?: string; readonly execution?: string } = {},
  ): Promise<T> {
    const { source, target } = this.pair;
    const call = { schemaVersion: SCHEMA_VERSION, execution, epoch } as const;
    const world = new World(step, call, () => 240_000, {
      migrationId: MIGRATION_ID,
      sourceInstance: 'source',
      masterSecretArn: this.secrets.master,
      replicationSecretArn: this.secrets.replication,
      targetStack: 'target',
      targetInstance: 'target',
      keyArn: 'arn:key',
      evidenceBucket: BUCKET,
      switch: { kind: 'route53', hostedZoneId: 'zone', recordName: 'db.example.test', ttlSeconds: 5 },
      policy: { ...POLICY, road: 'copy', ...this.policy },
      trustedCa: `${source.caPem}\n${target.caPem}`,
      copy: {
        workers: 2,
        builds: 2,
        skipExtensions: [],
        passwords: { app: this.secrets.app },
        rolePasswordsArn: this.rolePasswordsArn,
      },
      ...(this.dms !== undefined && { dms: this.dms }),
    });
    try {
      const at = async (instanceId: string, port: number): Promise<InstanceFacts> => ({
        ...INSTANCE,
        instanceId,
        endpoint: await world.keepEvidence(`endpoint-${instanceId}`, { host: '127.0.0.1', port }),
      });
      const asked: Asked = {
        ...call,
        source: await at('source', source.port),
        target: await at('target', target.port),
        databases: this.databases,
      };
      return await recipe(asked, world);
    } finally {
      await world.close();
    }
  }

  /** The new passwords, by role. */
  newPasswords(): Record<string, string> {
    const versions = [...this.aws.plane.secrets.get(this.rolePasswordsArn).versions.values()];
    return JSON.parse(versions.find(({ stages }) => stages.has('AWSCURRENT'))?.value ?? '{}');
  }

  /** Facts of the home ledger of a side; null without one. */
  async homeFacts(side: 'source' | 'target'): Promise<Readonly<Record<string, unknown>> | null> {
    const row = await readLedger(await this.pair.connect(side).home(), MIGRATION_ID);
    return row?.facts ?? null;
  }

  async close(): Promise<void> {
    await this.pair.close();
    await this.aws.close();
  }
}

const INSTANCE: Omit<InstanceFacts, 'instanceId' | 'endpoint'> = {
  arn: 'arn:instance',
  resourceId: 'db-1',
  status: 'available',
  engine: 'postgres',
  engineVersion: '17.6',
  instanceClass: 'db.m7g.large',
  masterUsername: MASTER.username,
  masterSecretArn: null,
  encryption: { type: 'none', keyArn: null },
  multiAz: false,
  publiclyAccessible: false,
  deletionProtection: true,
  backupRetentionDays: 7,
  allocatedStorageGib: 20,
  parameterGroups: [],
};
