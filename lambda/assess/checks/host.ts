/**
 * Checks of a server that AWS does not manage: what RDS sees to elsewhere. Each remedy is the very line of postgresql.conf or
 * pg_hba.conf, and says whether a restart is needed (manual, "Connections and Authentication").
 */
import type { Check } from '../../contract/assessment';
import type { CopySettings, Policy } from '../../contract/settings';
import { replicationRole } from '../../platform/names';
import { ident } from '../../platform/quote';
import { block, listed, pass, statements, warn } from '../check';
import { admission } from '../client-authentication';
import { hbaLine, inPostgresqlConf } from '../remedies';
import type { DatabaseSurvey, ServerSurvey } from '../survey';
import type { DatabaseLocale } from '../survey-content';
import type { HostSurvey } from '../survey-host';

/** Sessions beside those of workers: what watches, the home, one for each step that ends and begins. */
const OTHER_SESSIONS = 8;

/** Where the target's address is not known yet. */
const TARGETS_ADDRESS = "<the target's address>/32";

/** What the checks need to know beside the survey. */
export interface HostContext {
  readonly migrationId: string;
  readonly server: ServerSurvey;
  /** Names of the databases to migrate. */
  readonly databases: readonly string[];
  readonly surveys: readonly DatabaseSurvey[];
  readonly policy: Policy;
  readonly copy: CopySettings | null;
}

/** All of them. */
export function hostChecks(host: HostSurvey, context: HostContext): readonly Check[] {
  return [
    listenAddresses(host),
    passwordEncryption(host),
    connections(host, context),
    clientAuthentication(host, context),
    reservedNames(host),
    replicationHandshake(host, context),
    textOrderOf(context.surveys.map(({ facts, content: { locale } }) => ({ name: facts.name, ...locale }))),
  ];
}

function isLoopback(address: string): boolean {
  return ['localhost', '::1', ''].includes(address) || address.startsWith('127.');
}

/** Whoever asks has come in, perhaps through something that stands on the same host. */
function listenAddresses({ listenAddresses: given }: HostSurvey): Check {
  const id = 'listen-addresses';
  const what = `listen_addresses is ${JSON.stringify(given)}`;
  if (!given.split(',').every((address) => isLoopback(address.trim()))) return pass(id, what);
  return warn(
    id,
    `${what}: only what runs on the same host gets in`,
    `let the target come the way that the functions came, or ${inPostgresqlConf({ listen_addresses: '*' }, 'restart')}; pg_hba.conf decides who gets in`,
  );
}

/** The role that replicates gets its password as SCRAM whatever is set; roles that are made here do not. */
function passwordEncryption({ passwordEncryption: method }: HostSurvey): Check {
  const id = 'password-encryption';
  const what = `password_encryption is ${method}`;
  if (method === 'scram-sha-256') return pass(id, what);
  return warn(
    id,
    `${what}: new passwords are kept in a form that can be replayed`,
    inPostgresqlConf({ password_encryption: 'scram-sha-256' }, 'reload'),
  );
}

/** Walsenders count in max_wal_senders since 12, not here. */
function connections(host: HostSurvey, { policy, copy, databases }: HostContext): Check {
  const id = 'connections';
  const workers = Math.max(copy?.workers ?? 0, policy.verifyWorkers);
  const needed = workers + 2 * databases.length + OTHER_SESSIONS;
  const free = host.maxConnections - host.reservedConnections - host.usedConnections;
  const what = `${needed} sessions are needed, ${free} of max_connections = ${host.maxConnections} are free`;
  if (free >= needed) return pass(id, what);
  const wanted = host.maxConnections + needed - free;
  return block(id, what, inPostgresqlConf({ max_connections: wanted }, 'restart'));
}

/**
 * The target connects as a role that does not exist yet, from an address that is not known yet: the rules tell whether anybody could
 * come as that role. The connection itself is tried from the target as soon as it stands, before a row is copied (`make-databases`).
 */
function clientAuthentication({ rules }: HostSurvey, { migrationId, databases }: HostContext): Check {
  const id = 'client-authentication';
  const role = replicationRole(migrationId);
  const lines = statements(databases.map((name) => hbaLine(name, role, TARGETS_ADDRESS)));
  const add = `in pg_hba.conf, before wider lines: ${lines}; and reload it: select pg_reload_conf()`;
  if (rules === null) {
    return warn(id, `the master user may not read pg_hba.conf, which must let in role ${role} over TLS`, add);
  }
  const found = databases.map((database) => ({ database, admitted: admission(rules, database, role) }));
  const trusting = found.filter(({ admitted }) => admitted?.rule.method === 'trust');
  if (trusting.length > 0) {
    const what = trusting.map(({ database, admitted }) => `line ${admitted?.rule.line} for ${database}`);
    return block(id, `pg_hba.conf asks role ${role} for no password: ${listed(what)}`, add);
  }
  const shut = found.filter(({ admitted }) => admitted === null).map(({ database }) => database);
  if (shut.length > 0) {
    return warn(id, `no line of pg_hba.conf lets role ${role} over TLS into ${listed(shut)}`, add);
  }
  const wide = found.filter(({ admitted }) => admitted?.oneHost !== true);
  const what = found.map(({ database, admitted }) => `${database} by line ${admitted?.rule.line}`);
  if (wide.length === 0) return pass(id, `pg_hba.conf lets role ${role} in: ${listed(what)}`);
  return warn(id, `pg_hba.conf lets role ${role} in from more than one host: ${listed(what)}`, add);
}

/** RDS makes such logins on its instances and nobody may touch them: fence, count and copy leave them alone. */
function reservedNames({ reservedLogins: names }: HostSurvey): Check {
  const id = 'reserved-names';
  if (names.length === 0) return pass(id, "no login's name passes for one of RDS's own");
  return block(
    id,
    `logins named as RDS names its own, which the fence would not shut out: ${listed(names)}`,
    `rename each, or close it when no application uses it: ${statements(names.map((name) => `alter role ${ident(name)} nologin`))}`,
  );
}

/** What the server answered when the function came as slots and streams come. */
function replicationHandshake({ handshakes, clientAddress }: HostSurvey, { server }: HostContext): Check {
  const id = 'replication-handshake';
  const refused = handshakes.flatMap(({ database, refusedWith }) =>
    refusedWith === null ? [] : [{ database, refusedWith }],
  );
  if (refused.length === 0) return pass(id, `each of ${handshakes.length} databases opened a replication connection`);
  const what = refused.map(({ database, refusedWith }) => `${database} with SQLSTATE ${refusedWith}`);
  const heals = refused.map(({ database, refusedWith }) => {
    if (refusedWith === '42501') return `alter role ${ident(server.masterUser)} replication`;
    if (refusedWith === '53300') return inPostgresqlConf({ max_wal_senders: server.maxSenders + 2 }, 'restart');
    const from = clientAddress ?? "<the functions' address>/32";
    return `in pg_hba.conf: ${hbaLine(database, server.masterUser, from)}; and reload it: select pg_reload_conf()`;
  });
  return block(id, `replication connections were refused: ${listed(what)}`, statements([...new Set(heals)]));
}

/** Windows' names of locales; no Linux system has them. */
const OF_WINDOWS = /^[A-Z][a-z]+(?: [\w ()]+)?_[A-Z][\w ().&]*\.\d{3,5}$/;

/** Collations whose order no library decides. */
const BY_BYTES = ['C', 'POSIX', 'C.UTF-8', 'C.utf8', 'ucs_basic'];

/** A database and the order of its text. */
export type SortedDatabase = Pick<DatabaseLocale, 'collation' | 'provider' | 'actualVersion'> & {
  readonly name: string;
};

/** Indexes are built by the target and follow its own order; what else rests on an order does not. */
export function textOrderOf(all: readonly SortedDatabase[]): Check {
  const id = 'text-order';
  const say = ({ name, collation, provider, actualVersion }: SortedDatabase) =>
    `${name} by ${collation} of ${provider}${actualVersion === null ? '' : ` ${actualVersion}`}`;
  const foreign = all.filter(({ provider, collation }) => provider === 'libc' && OF_WINDOWS.test(collation));
  if (foreign.length > 0) {
    return block(
      id,
      `the target has no such locale: ${listed(foreign.map(say))}`,
      'load these databases into ones with a locale that Linux has, such as en_US.UTF-8, or name them in policy.excludeDatabases',
    );
  }
  const sorted = all.filter(({ provider, collation }) => provider !== 'builtin' && !BY_BYTES.includes(collation));
  if (sorted.length === 0) return pass(id, 'text sorts by its bytes, or by PostgreSQL itself, on every system alike');
  return warn(
    id,
    `text sorts by a library of this host: ${listed(sorted.map(say))}`,
    'the target sorts by its own, perhaps in another version: its indexes are built by it and are right; look at partitions by ranges of text ' +
      'and at what compares sorted lists of both. A locale that the target lacks is named before anything is copied',
  );
}
