/** Databases of servers shaped like RDS targets, prepared for a DMS user who may or may not act as a replica. */
import { makeItems } from '../../../../lambda/copy/schema/make';
import { type Expectation, ensureLedger } from '../../../../lambda/platform/ledger';
import { upsertMigration } from '../../../../lambda/platform/ledger-sql';
import { Server, type Session } from '../../../../lambda/platform/postgres';
import { countAllOrphans } from '../../../../lambda/platform/prepared-target/orphans';
import {
  type Prepared,
  type PrepareOptions,
  prepareTarget,
} from '../../../../lambda/platform/prepared-target/prepare-target';
import {
  restoreIndexes,
  restoreKeysAndTriggers,
  validateKeys,
} from '../../../../lambda/platform/prepared-target/restore-target';
import { catalogFacts } from '../../../../lambda/proof/catalog-sql';
import { formFor } from '../../../../lambda/proof/catalog-texts';
import type { PostgresServer } from '../../../../lib/rehearsal/servers/postgres-server';
import { shapeAsRds } from '../../../../lib/rehearsal/servers/rds-shape';
import { type RehearsedRun, startRun } from '../../../rehearsal/servers/rehearsed-run';
import { MASTER, worldOf } from '../../copy/schema/pair';

/** A user without any right to settings. */
export const WRITER = { username: 'dms_writer', password: 'writer-password-0123456789' };

/** What `catalogFacts` leaves out and a restoration must not: families, marks, how keys' own triggers are switched. */
const FURTHER = `
  select format('key %s on %s from %s validated %s local %s', k.conname, k.conrelid::regclass, p.conname, k.convalidated, k.conislocal) as fact
  from pg_constraint k left join pg_constraint p on p.oid = k.conparentid
  where k.contype = 'f' and (p.oid is null or k.conrelid <> p.conrelid)
  union all
  select format('index %s of %s in %s: %s %s', i.indexrelid::regclass, h.inhparent::regclass, c.reltablespace, a.attnum, coalesce(a.attstattarget, -1))
  from pg_index i join pg_class c on c.oid = i.indexrelid join pg_attribute a on a.attrelid = c.oid
  left join pg_inherits h on h.inhrelid = c.oid where c.oid > 16383
  union all
  select format('trigger %s on %s: %s of %s', t.tgname, t.tgrelid::regclass, t.tgenabled, p.tgname)
  from pg_trigger t left join pg_trigger p on p.oid = t.tgparentid where not t.tgisinternal`;

/** A server with its databases; `close` stops it. */
export class PreparedStage {
  private readonly open: Server[] = [];

  private constructor(
    private readonly rehearsed: RehearsedRun,
    private readonly postgres: PostgresServer,
  ) {}

  static async start(major: number): Promise<PreparedStage> {
    const rehearsed = await startRun();
    try {
      const server = await rehearsed.create(major);
      await server.start();
      await shapeAsRds(server, { masterUsername: MASTER.username, masterPassword: MASTER.password });
      const stage = new PreparedStage(rehearsed, server);
      await stage.run('postgres', `create role ${WRITER.username} login password '${WRITER.password}'`);
      await stage.claim('postgres');
      return stage;
    } catch (error) {
      await rehearsed.run.stopAll();
      throw error;
    }
  }

  /** The server as a step opens it. */
  connect(as = MASTER): Server<'target'> {
    const { port, caPem } = this.postgres;
    const endpoint = { host: '127.0.0.1', port };
    const server = new Server('target', { endpoint, credentials: as, applicationName: 'test', trustedCa: caPem });
    this.open.push(server);
    return server;
  }

  /** Runs statements as the superuser. */
  async run(database: string, text: string): Promise<void> {
    await this.postgres.withAdmin(database, (session) => session.query(text));
  }

  /** Makes a database of the master's with a ledger and `text`, which the master runs; returns what its ledger must say. */
  async database(name: string, text: string): Promise<Expectation> {
    await this.run('postgres', `create database "${name}" owner ${MASTER.username}`);
    await this.as(MASTER, name, (session) => session.query({ text }));
    return this.claim(name);
  }

  /** Puts a ledger into a database; a later `epoch` is a newer claim. */
  async claim(name: string, epoch = '1'): Promise<Expectation> {
    const row = { migrationId: 'pair', side: 'target', phase: 'seeding', epoch, execution: 'arn:one' } as const;
    await this.as(MASTER, name, async (session) => {
      await ensureLedger(session);
      await session.execute(upsertMigration({ ...row, systemIdentifier: '1' }));
    });
    return { migrationId: 'pair', epoch, phases: ['seeding'] };
  }

  /** Prepares for a full load, as far as `options` say nothing else. */
  async prepare(
    target: Server<'target'>,
    options: Pick<PrepareOptions, 'database' | 'expected'> & Partial<PrepareOptions>,
  ): Promise<Prepared> {
    const { dmsUser = null } = options;
    const prepared = (user: Session): Promise<Prepared> =>
      prepareTarget(target, { form: 'full-load-and-cdc', ...options, dmsUser: user }, worldOf());
    return dmsUser === null ? this.as(WRITER, options.database, prepared) : prepared(dmsUser);
  }

  /** Every phase of a restoration. */
  async restore(target: Server<'target'>, options: { readonly database: string; readonly expected: Expectation }) {
    const world = worldOf();
    const session = await target.session(options.database);
    const doItems = (queue: string) => makeItems(target, { ...options, queue, parallel: 2 }, world);
    await restoreIndexes(target, options, doItems);
    await restoreKeysAndTriggers(target, options, world);
    await validateKeys(target, options, doItems, () => countAllOrphans(session));
  }

  /** A session for as long as `work` takes. */
  private async as<T>(who: typeof MASTER, database: string, work: (session: Session) => Promise<T>): Promise<T> {
    const server = this.connect(who);
    try {
      return await work(await server.session(database));
    } finally {
      await server.close();
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.open.map((server) => server.close()));
    await this.rehearsed.run.stopAll();
  }
}

/** Everything that the catalogue of a database says. */
export async function catalogueOf(session: Session): Promise<string[]> {
  await session.query({ text: `select set_config('search_path', '', false)` });
  const facts = await session.query(catalogFacts(formFor(session, session)));
  const further = await session.query<{ fact: string }>({ text: FURTHER });
  return [...facts.map((fact) => JSON.stringify(fact)), ...further.map(({ fact }) => fact)].sort();
}

/** What one has and the other has not. */
export function difference(before: readonly string[], after: readonly string[]) {
  return {
    lost: before.filter((fact) => !after.includes(fact)),
    more: after.filter((fact) => !before.includes(fact)),
  };
}
