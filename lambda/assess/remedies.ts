/** How something is set on the source: on an instance in its parameter group, on any other server in its own files. */

/** What the source is, as the configuration names it. */
export type SourceKind = 'rds' | 'server';

/** A setting that a restart brings about, as PostgreSQL's `context` `postmaster` says, or a reload alone. */
export type Needs = 'restart' | 'reload';

/** Settings by name, as a line of postgresql.conf has them. */
export type WantedSettings = Readonly<Record<string, string | number>>;

/** The lines of postgresql.conf for `wanted`, and what brings them about; the operator can follow it as it stands. */
export function inPostgresqlConf(wanted: WantedSettings, needs: Needs): string {
  const lines = Object.entries(wanted).map(([name, value]) => `${name} = ${settingLiteral(value)}`);
  const then =
    needs === 'restart'
      ? 'and restart the server in a maintenance window: a moment of downtime'
      : 'and reload it: select pg_reload_conf()';
  return `in postgresql.conf: ${lines.join('; ')}; ${then}`;
}

/** Quoted unless it is a number or a plain word. */
function settingLiteral(value: string | number): string {
  return /^[\w-]+$/.test(String(value)) ? String(value) : `'${String(value).replaceAll("'", "''")}'`;
}

/** One line of pg_hba.conf: over TLS, one database, one role, one host, with a password that is never sent. */
export function hbaLine(database: string, role: string, address: string): string {
  return `hostssl ${hbaName(database)} ${hbaName(role)} ${hostMask(address)} scram-sha-256`;
}

/** Quotes keep a name from being a keyword such as `all`, and hold every other character. */
function hbaName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** `/32` or `/128`; what is no address stands as a placeholder. */
function hostMask(address: string): string {
  if (/^[\d.]+$/.test(address)) return `${address}/32`;
  return address.includes(':') ? `${address}/128` : address;
}
