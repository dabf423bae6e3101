import { type Client, escapeIdentifier } from 'pg';
import { roleTokens } from './named-roles';
import type { Token } from './sql-tokens';

/** The roles that a dump names, on a server that may not know them. */
export class DumpRoles {
  private constructor(
    private readonly client: Client,
    /** The role that loads the dump. */
    readonly master: string,
    private readonly masterIsSuperuser: boolean,
    private readonly superusers: ReadonlySet<string>,
    private readonly usable: Set<string>,
    private readonly notice: (text: string) => void,
  ) {}

  /** Reads the roles of the server that `client` is connected to. */
  static async read(client: Client, notice: (text: string) => void): Promise<DumpRoles> {
    const { rows } = await client.query<{ name: string; super: boolean; usable: boolean; own: boolean }>(`
      select rolname::text as name, rolsuper as super, pg_catalog.pg_has_role(oid, 'member') as usable, rolname = current_user as own
      from pg_catalog.pg_roles`);
    const own = rows.find((row) => row.own);
    if (!own) throw new Error('the role that loads the dump is not in pg_roles');
    const superusers = new Set(rows.filter((row) => row.super && !row.own).map((row) => row.name));
    const usable = new Set(rows.filter((row) => row.usable || row.name.startsWith('pg_')).map((row) => row.name));
    return new DumpRoles(client, own.name, own.super, superusers, usable, notice);
  }

  /**
   * Makes the roles that a statement names and the server lacks: without login, and granted to the master so that it can
   * own and alter what is theirs. Answers the statement with superusers, `postgres` above all, replaced by the master: on
   * RDS nobody is one.
   */
  async adapt(text: string, tokens: readonly Token[]): Promise<string> {
    let adapted = text;
    for (const token of [...roleTokens(tokens)].sort((a, b) => b.start - a.start)) {
      const role = await this.roleFor(token.value);
      if (role !== token.value)
        adapted = `${adapted.slice(0, token.start)}${escapeIdentifier(role)}${adapted.slice(token.end)}`;
    }
    return adapted;
  }

  /** The role to use for a name of the dump; it exists afterwards. */
  async roleFor(name: string): Promise<string> {
    if (name === 'postgres' || (this.superusers.has(name) && name !== this.master)) return this.master;
    if (!this.usable.has(name)) await this.create(name);
    return name;
  }

  private async create(name: string): Promise<void> {
    const role = escapeIdentifier(name);
    const known = await this.client.query('select from pg_catalog.pg_roles where rolname = $1', [name]);
    if (known.rowCount === 0) {
      await this.client.query(`create role ${role} nologin`);
      this.notice(`role ${name} did not exist and was created without login`);
    }
    if (!this.masterIsSuperuser) await this.client.query(`grant ${role} to current_user`);
    this.usable.add(name);
  }
}
