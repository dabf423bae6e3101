/** Which line of pg_hba.conf decides about a role that comes over TLS from another host: pure (manual, "The pg_hba.conf File"). */

/** A line as `pg_hba_file_rules` shows it. */
export interface HbaRule {
  readonly line: number;
  /** `local`, `host`, `hostssl`, `hostnossl`, `hostgssenc`, `hostnogssenc`; null in a line that could not be read. */
  readonly type: string | null;
  readonly databases: readonly string[];
  readonly users: readonly string[];
  /** An address, a host name, `all`, `samehost` or `samenet`; null of a local line. */
  readonly address: string | null;
  readonly netmask: string | null;
  readonly method: string | null;
}

/** How a line lets somebody in: from one host or from more, with SCRAM or otherwise. */
export interface Admission {
  readonly rule: HbaRule;
  readonly oneHost: boolean;
}

/** Types of lines that match a connection over TLS. */
const OVER_TLS: readonly (string | null)[] = ['host', 'hostssl', 'hostnogssenc'];

/**
 * The first line that admits `role` to `database` over TLS, from whatever address that may be; null when none does. A line that
 * refuses everybody ends the search, one that refuses some addresses does not. Groups (`+name`) are passed over: the replication
 * role belongs to none.
 */
export function admission(rules: readonly HbaRule[], database: string, role: string): Admission | null {
  for (const rule of rules) {
    if (!OVER_TLS.includes(rule.type) || isLoopback(rule)) continue;
    if (!rule.databases.some((name) => matchesDatabase(name, database, role))) continue;
    if (!rule.users.some((name) => name === 'all' || matchesName(name, role))) continue;
    if (rule.method !== 'reject') return { rule, oneHost: isOneHost(rule) };
    if (isEverywhere(rule)) return null;
  }
  return null;
}

/** `replication` is for physical replication alone: a logical walsender matches the database that it names. */
function matchesDatabase(name: string, database: string, role: string): boolean {
  if (name === 'all') return true;
  if (name === 'sameuser') return database === role;
  if (name === 'replication' || name === 'samerole' || name === 'samegroup') return false;
  return matchesName(name, database);
}

/** From 16 on a name that begins with a slash is a regular expression; PostgreSQL's differ from ours in what nobody writes here. */
function matchesName(name: string, wanted: string): boolean {
  if (!name.startsWith('/')) return name === wanted;
  try {
    return new RegExp(name.slice(1)).test(wanted);
  } catch {
    return false;
  }
}

function isOneHost({ address, netmask }: HbaRule): boolean {
  if (address === 'all' || address === 'samenet') return false;
  if (netmask === null) return true;
  return netmask === '255.255.255.255' || /^(?:ffff:){7}ffff$/i.test(netmask);
}

/** The target comes from another host. */
function isLoopback({ address }: HbaRule): boolean {
  return address === '::1' || address === 'localhost' || (address?.startsWith('127.') ?? false);
}

function isEverywhere({ address, netmask }: HbaRule): boolean {
  return address === 'all' || netmask === '0.0.0.0';
}
