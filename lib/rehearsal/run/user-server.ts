/** A server that the user runs: looked at beforehand, and afterwards left as it was found. */
import { setTimeout as pause } from 'node:timers/promises';
import { Client } from 'pg';
import { MIGRATION, OWN_APPLICATION } from './place';
import { RehearsalFailure } from './rehearsal-failure';
import type { UserSource } from './user-source';

/** Everything of the rehearsal on a server begins so. */
const PREFIX = `sealift_${MIGRATION}`;
const ROLE = `${PREFIX}_replication`;
const SCHEMA = 'sealift';

/** A walsender whose target still asks comes back for a moment. */
const ATTEMPTS = 40;
const ATTEMPT_MS = 250;

/** What a rehearsal makes on the server, for people. */
export const MADE_ON_SERVER = [
  `schema "${SCHEMA}" in each database and in "postgres"`,
  `publications and slots named "${PREFIX}_…"`,
  `role "${ROLE}"`,
];

/** What was found before anything was made. */
export interface FoundServer {
  readonly major: number;
  /** Such as `17.10`. */
  readonly version: string;
  /** Databases that are rehearsed. */
  readonly databases: readonly string[];
  /** All others. */
  readonly others: readonly string[];
}

/** What must not be there yet: whatever carries these names is removed at the end. */
const OURS = `
  select 'schema ${SCHEMA}' as name from pg_catalog.pg_namespace where nspname = '${SCHEMA}'
  union all select 'publication ' || pubname from pg_catalog.pg_publication where starts_with(pubname, '${PREFIX}')
  union all select 'slot ' || slot_name from pg_catalog.pg_replication_slots
    where starts_with(slot_name, '${PREFIX}') and (database is null or database = current_database())
  union all select 'role ' || rolname from pg_catalog.pg_roles where starts_with(rolname, '${PREFIX}')`;

/** The user's server. */
export class UserServer {
  readonly running = true;
  /** Authority that connections through the door trust; set with it. */
  caPem = '';
  /** Port of the door before it; set when it opens. */
  port = 0;

  private constructor(
    private readonly source: UserSource,
    readonly password: string,
    readonly found: FoundServer,
  ) {}

  /**
   * Connects and looks; nothing is changed. Throws `RehearsalFailure` when a rehearsal cannot be, and naming what of an earlier one
   * is left on the server.
   */
  static async find(source: UserSource, password: string): Promise<UserServer> {
    const session = await open(source, password, 'postgres').catch((error: unknown) => {
      throw new RehearsalFailure(`the server of --source does not let ${source.user} in: ${codeOf(error)}`);
    });
    try {
      const { rows: all } = await session.query<{ name: string }>(
        `select datname as name from pg_catalog.pg_database where datallowconn and not datistemplate and datname <> 'postgres' order by 1`,
      );
      const names = all.map(({ name }) => name);
      const unknown = source.databases.filter((name) => !names.includes(name));
      if (unknown.length > 0)
        throw new RehearsalFailure(`the server of --source has no database ${unknown.join(', ')}`);
      const databases = source.databases.length > 0 ? source.databases : names;
      const { rows } = await session.query<{ number: number }>(
        `select current_setting('server_version_num')::int as number`,
      );
      const number = rows[0]?.number ?? 0;
      const major = Math.trunc(number / 10_000);
      const server = new UserServer(source, password, {
        major,
        version: `${major}.${number % 10_000}`,
        databases,
        others: names.filter((name) => !databases.includes(name)),
      });
      const left = await server.remains();
      if (left.length === 0) return server;
      throw new RehearsalFailure(
        `the server of --source holds what a rehearsal makes and removes: ${left.join(', ')}; remove it when it is nobody's`,
      );
    } finally {
      await session.end().catch(() => undefined);
    }
  }

  /** User that the rehearsal works as. */
  get user(): string {
    return this.source.user;
  }

  /** Where the server listens. */
  get address(): { readonly host: string; readonly port: number } {
    return this.source;
  }

  /** A connected session of the user; the caller ends it. */
  admin(database = 'postgres'): Promise<Client> {
    return open(this.source, this.password, database);
  }

  /** Runs `work` in a session of the user and ends it. */
  async withAdmin<T>(database: string, work: (session: Client) => Promise<T>): Promise<T> {
    const session = await this.admin(database);
    try {
      return await work(session);
    } finally {
      await session.end().catch(() => undefined);
    }
  }

  /** Removes everything that the rehearsal made. Throws `RehearsalFailure` naming what is still there. */
  async leave(): Promise<void> {
    // Ends when nothing is left, or after ten seconds.
    let left: string[] = [];
    for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
      await this.sweep().catch(() => undefined);
      left = await this.remains().catch((error: unknown) => [`everything, because nobody answers (${codeOf(error)})`]);
      if (left.length === 0) return;
      await pause(ATTEMPT_MS);
    }
    throw new RehearsalFailure(`left on the server of --source, remove it by hand: ${left.join(', ')}`);
  }

  private async remains(): Promise<string[]> {
    const found: string[] = [];
    for (const database of ['postgres', ...this.found.databases]) {
      const { rows } = await this.withAdmin(database, (session) => session.query<{ name: string }>(OURS));
      found.push(...rows.map(({ name }) => `${name} in ${database}`));
    }
    return found;
  }

  private async sweep(): Promise<void> {
    await this.withAdmin('postgres', async (session) => {
      const { rows } = await session.query(`select from pg_catalog.pg_roles where rolname = $1`, [ROLE]);
      if (rows.length > 0) await session.query(`alter role "${ROLE}" nologin`);
      await session.query(
        `select pg_catalog.pg_terminate_backend(pid) from pg_catalog.pg_stat_activity
          where pid <> pg_backend_pid() and (starts_with(application_name, 'sealift/${MIGRATION}/') or usename = $1)`,
        [ROLE],
      );
    });
    for (const database of ['postgres', ...this.found.databases]) {
      await this.withAdmin(database, sweepDatabase);
    }
    await this.withAdmin('postgres', (session) => session.query(`drop role if exists "${ROLE}"`));
  }
}

async function sweepDatabase(session: Client): Promise<void> {
  await session.query(
    `select pg_catalog.pg_drop_replication_slot(slot_name) from pg_catalog.pg_replication_slots
      where starts_with(slot_name, '${PREFIX}') and database = current_database() and not active`,
  );
  const { rows } = await session.query<{ name: string }>(
    `select pubname as name from pg_catalog.pg_publication where starts_with(pubname, '${PREFIX}')`,
  );
  for (const { name } of rows) await session.query(`drop publication ${session.escapeIdentifier(name)}`);
  const role = await session.query(`select from pg_catalog.pg_roles where rolname = $1`, [ROLE]);
  // Takes back what it was granted on the database as well; a revoke would write an access list where there was none.
  if (role.rows.length > 0) await session.query(`drop owned by "${ROLE}"`);
  await session.query(`drop schema if exists ${SCHEMA} cascade`);
}

async function open({ host, port, user }: UserSource, password: string, database: string): Promise<Client> {
  const client = new Client({ host, port, user, password, database, application_name: OWN_APPLICATION, ssl: false });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return client;
  } catch (error) {
    await client.end().catch(() => undefined);
    throw error;
  }
}

/** Code or name: texts may quote what was sent. */
function codeOf(error: unknown): string {
  const { code, name } = error as { readonly code?: string; readonly name?: string };
  return code ?? name ?? 'an unknown failure';
}
