/** A source to be copied and an empty target with its schema; the steps of the rows as one invocation each would run them. */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { Client } from 'pg';
import type { CutOptions } from '../../../../lambda/copy/rows/cut';
import { endSnapshotOn, holdSnapshotOn } from '../../../../lambda/copy/rows/hold';
import { planRowsOn } from '../../../../lambda/copy/rows/plan';
import { concludeRowsOn, rowsProgressOn } from '../../../../lambda/copy/rows/progress';
import { copyRowsOn } from '../../../../lambda/copy/rows/work';
import { ensureLedger } from '../../../../lambda/platform/ledger';
import { moveEverywhere } from '../../../../lambda/platform/ledger-follow';
import { upsertMigration } from '../../../../lambda/platform/ledger-sql';
import { applicationPrefix, streamName } from '../../../../lambda/platform/names';
import { Server } from '../../../../lambda/platform/postgres';
import { createPublication } from '../../../../lambda/platform/publications';
import { World } from '../../../../lambda/platform/world';
import { claimOn } from '../../../../lambda/seed/claim';
import { releaseOn } from '../../../../lambda/seed/release';
import { binariesFor } from '../../../../lib/rehearsal/servers/binaries';
import { PostgresServer } from '../../../../lib/rehearsal/servers/postgres-server';
import { shapeAsRds } from '../../../../lib/rehearsal/servers/rds-shape';
import { EXECUTION, MASTER, MIGRATION_ID, Stage } from '../../seed/stage';

/** The copied database; the home ledger lies in another. */
export const DATABASE = 'rows';

export const STREAM = streamName(MIGRATION_ID, DATABASE);

/** What one invocation may be given beside what it does. */
export interface CallOptions {
  /** @default a whole Lambda */
  readonly remainingMs?: () => number;
  /** Ports other than the servers': of a link. */
  readonly sourcePort?: number;
  readonly targetPort?: number;
}

type Sides = { readonly source: Server<'source'>; readonly target: Server<'target'>; readonly world: World };

/** Both servers, the claim, and the database on both sides. */
export class CopyStage {
  private constructor(
    readonly stage: Stage,
    readonly target: PostgresServer,
    private epoch: string,
  ) {}

  /** `schema` runs on both sides, `rows` on the source, as the master user; `encodings` of the database on both sides. */
  static async start(
    majors: readonly [number, number],
    schema: string,
    rows: string,
    encodings: readonly [string, string] = ['UTF8', 'UTF8'],
  ): Promise<CopyStage> {
    const stage = await Stage.start(majors[0]);
    try {
      const target = stage.run.add(
        await PostgresServer.create({
          binaries: await binariesFor(majors[1]),
          directory: join(stage.run.path, 'target'),
          certificate: await stage.authority.issue(['localhost']),
          settings: { shared_buffers: '32MB' },
        }),
      );
      await target.start();
      await shapeAsRds(target, { masterUsername: MASTER.username, masterPassword: MASTER.password });
      const copy = new CopyStage(stage, target, '0');
      await makeDatabase(stage.source, schema, encodings[0]);
      await makeDatabase(target, schema, encodings[1]);
      await copy.on('source', rows);
      await copy.claim();
      return copy;
    } catch (error) {
      await stage.close();
      throw error;
    }
  }

  get source(): PostgresServer {
    return this.stage.source;
  }

  /** Runs SQL as the master user. */
  on(side: 'source' | 'target', text: string): Promise<Record<string, unknown>[]> {
    const server = side === 'source' ? this.source : this.target;
    return server.withAdmin(DATABASE, async (session) => {
      await session.query(`set session authorization ${MASTER.username}`);
      const result = await session.query(text);
      return Array.isArray(result) ? [] : result.rows;
    });
  }

  /** Publishes every table, as `prepare` would. */
  async publish(): Promise<void> {
    const tables = (await this.on(
      'source',
      `select 'public' as schema, relname as name from pg_class where relnamespace = 'public'::regnamespace
        and relkind in ('r', 'p') and relpersistence = 'p' order by 2`,
    )) as { schema: string; name: string }[];
    await this.on('source', createPublication(STREAM, tables).text);
  }

  /** Names of the copied tables. */
  async tables(): Promise<{ schema: string; name: string }[]> {
    const rows = await this.on(
      'source',
      `select schemaname as schema, tablename as name from pg_tables where schemaname = 'public' order by 2`,
    );
    return rows as { schema: string; name: string }[];
  }

  hold = (options: CallOptions = {}) => this.call((to) => holdSnapshotOn(to.source, DATABASE, to.world), options);
  plan = (cut: CutOptions = {}, options: CallOptions = {}) =>
    this.call((to) => planRowsOn(to.source, to.target, DATABASE, to.world, cut), options);
  copy = (options: CallOptions = {}) =>
    this.call((to) => copyRowsOn(to.source, to.target, [DATABASE], to.world), options);
  conclude = () => this.call((to) => concludeRowsOn(to.target, DATABASE, to.world));
  progress = () => this.call((to) => rowsProgressOn(to.target, DATABASE));
  letGo = () => this.call((to) => endSnapshotOn(to.source, DATABASE, to.world));

  /** Takes the migration off the source. */
  release = () =>
    this.call(({ source, world }) => {
      const asked = { databases: [DATABASE], epoch: this.epoch, execution: EXECUTION };
      return releaseOn(source, null, asked, world);
    });

  /** Follows the source from the slot's consistent point. */
  async subscribe(): Promise<void> {
    const connection =
      `host=127.0.0.1 port=${this.source.port} dbname=${DATABASE} user=${MASTER.username} ` +
      `password=${MASTER.password} sslmode=require`;
    await this.target.withAdmin(DATABASE, async (session) => {
      await session.query(`create subscription ${STREAM} connection '${connection}' publication ${STREAM}
        with (create_slot = false, copy_data = false, slot_name = '${STREAM}', enabled = false)`);
      await session.query(`alter subscription ${STREAM} enable`);
    });
  }

  /** Waits until a marker written now has arrived. */
  async caughtUp(): Promise<void> {
    const id = randomUUID();
    await this.on(
      'source',
      `insert into sealift.marker (id, kind, epoch, execution) values ('${id}', 'test', 1, 'test')`,
    );
    for (let look = 0; look < 1_200; look += 1) {
      const rows = await this.on('target', `select from sealift.marker where id = '${id}'`);
      if (rows.length > 0) return;
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
    throw new Error('the target did not catch up');
  }

  /** Rows and hash of every table, read under the settings that a proof pins. */
  async digests(side: 'source' | 'target'): Promise<Record<string, string>> {
    const found: Record<string, string> = {};
    for (const { name } of await this.tables()) {
      const [row] = await this.on(
        side,
        `select count(*) || ' ' || coalesce(sum(hashtextextended(t.*::text, 0)), 0) as digest from only "${name}" as t`,
      );
      found[name] = String(row?.digest);
    }
    return found;
  }

  /** Ends sessions whose application name starts so, on both sides. */
  async end(step: string, sides: readonly ('source' | 'target')[] = ['source', 'target']): Promise<number> {
    let ended = 0;
    for (const side of sides) {
      const server = side === 'source' ? this.source : this.target;
      const { rowCount } = await server.withAdmin('postgres', (session) =>
        session.query(
          'select pg_terminate_backend(pid) from pg_stat_activity where starts_with(application_name, $1)',
          [applicationPrefix(MIGRATION_ID, step)],
        ),
      );
      ended += rowCount ?? 0;
    }
    return ended;
  }

  close(): Promise<void> {
    return this.stage.close();
  }

  /** Runs on fresh connections, as one invocation would, and closes them. */
  private async call<T>(work: (sides: Sides) => Promise<T>, options: CallOptions = {}): Promise<T> {
    const base = this.stage.world('prepare', this.epoch);
    const world = new World('prepare', base.call, options.remainingMs ?? base.remainingMs, base.environment);
    const connection = (port: number) => ({
      endpoint: { host: '127.0.0.1', port },
      credentials: MASTER,
      applicationName: `${applicationPrefix(MIGRATION_ID, 'copy-rows')}${this.epoch}/${randomUUID().slice(0, 8)}/0`,
      trustedCa: this.stage.authority.caPem,
    });
    const source = new Server('source', connection(options.sourcePort ?? this.source.port));
    const target = new Server('target', connection(options.targetPort ?? this.target.port));
    try {
      return await work({ source, target, world });
    } finally {
      await Promise.all([source.close(), target.close()]);
    }
  }

  /** Takes the claim, and writes the target's ledger as the step that makes an empty target would. */
  private async claim(): Promise<void> {
    const world = this.stage.world('claim', '0');
    const source = this.stage.server('source', this.source, world);
    const asked = { execution: EXECUTION, databases: [DATABASE], takeOver: null, mode: 'hold' } as const;
    const claimed = await claimOn(source, asked, world);
    this.epoch = claimed.epoch;
    const moving = this.stage.world('claim', this.epoch);
    await moveEverywhere(source, [DATABASE], moving.expect('assessed'), 'seeding');
    const target = this.stage.server('target', this.target, world);
    const home = await target.home();
    await ensureLedger(home);
    await home.execute(
      upsertMigration({
        migrationId: MIGRATION_ID,
        side: 'target',
        phase: 'seeding',
        epoch: this.epoch,
        execution: EXECUTION,
        systemIdentifier: claimed.systemIdentifier,
      }),
    );
  }
}

async function makeDatabase(server: PostgresServer, schema: string, encoding: string): Promise<void> {
  await server.withAdmin('postgres', (session) =>
    session.query(`create database ${DATABASE} owner ${MASTER.username} encoding '${encoding}' lc_collate 'C' lc_ctype 'C'
      template template0`),
  );
  await server.withAdmin(DATABASE, async (session: Client) => {
    await session.query(`set session authorization ${MASTER.username}`);
    await session.query(schema);
  });
}
