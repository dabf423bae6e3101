/** The checks of `assess` as data: every id is stable, documented, and appears exactly once in every report of a source that it is for. */
import type { Check } from '../contract/assessment';
import { ident } from '../platform/quote';

/** What each check promises, by id; the documentation lists them from here. */
export const CHECKS = {
  'source-engine': 'The source is PostgreSQL in a supported major version, and available',
  'source-encryption': 'The source is not encrypted with the wanted key yet, or moves to a newer major',
  'parameter-group': 'No parameter change of the source waits for a reboot',
  'key-usable': 'The wanted KMS key belongs to the customer, is enabled and encrypts',
  'target-stack': 'The target stack can be updated',
  'instance-offered': 'RDS offers the configured class, version and storage together',
  'target-storage': 'The configured storage holds the data and has room to grow',
  'target-class': "The configured class is not smaller than the source's needs",
  'verify-workers': 'The configured workers leave the smaller side room for its applications',
  quotas: 'The quotas of the account have room for an instance and for the snapshots that are taken',
  'parameter-differences': "What was set on the source is set in the target's parameter group",
  'read-replicas': 'No read replica is left behind',
  'iam-authentication': 'No IAM policy names the resource id of the source',
  'option-group': 'The source has no option group of its own',
  'attached-roles': 'No IAM role is attached to the source',
  'recent-backup': 'The source was backed up lately',
  'target-seed': 'The target stack has no instance yet, or one that this migration gave birth to',
  'target-version':
    'The target has the major version of the source, and no older minor; on the copy road its major may be newer',
  'record-points-to-source':
    'What the applications follow leads to the source: a CNAME with a short time to live, or the host in their secret',
  'way-back': 'What the configuration says of a way back after the cutover is known beforehand',
  'listen-addresses': 'A server that AWS does not manage listens where the target can reach it',
  'password-encryption': 'It keeps new passwords as SCRAM',
  connections: 'It has connections left for the workers of the migration',
  'client-authentication': 'Its pg_hba.conf lets the replication role in from one host, over TLS, with a password',
  'reserved-names': 'No login of it has a name that RDS keeps to itself',
  'replication-handshake': 'It opens a replication connection to each database',
  'text-order': 'Its text sorts in the same order on every system',
  'source-is-primary': 'The source is no standby',
  tls: 'Sessions to the source are encrypted',
  'wal-level': 'The source writes WAL for logical decoding',
  'replication-slots': 'Enough replication slots are free: a stream and a tap for each database',
  'wal-senders': 'Enough WAL senders are free: one for each database',
  'logical-workers': 'The settings that the target needs as well suffice for one subscription for each database',
  'slot-retention': 'A slot can hold enough WAL, but not without limit',
  'idle-slots': 'No setting of the source takes away a slot that nobody reads for a while',
  'wal-storage': 'The source has room for the WAL that the slots are predicted to retain',
  'wal-rate': 'The source writes WAL no faster than apply can follow',
  'decoding-memory': 'Decoding has memory enough, and leaves enough',
  'prepared-transactions': 'No prepared transaction exists: it would survive the fence and be lost',
  'dump-locks': 'On the copy road the lock table of the source has room for every table of a database',
  'long-transactions': 'No long transaction has written: the creation of a slot waits for it',
  'existing-slots': 'No slot of an earlier run is left, and nobody else consumes changes',
  'existing-publications': 'No publication of an earlier run is left, and nobody else publishes',
  'source-subscribes': 'The source subscribes to no other server',
  'running-migration': 'No other execution works on this migration',
  'master-user-sessions': 'No application uses the master user, which the fence cannot shut out',
  'replication-privilege': 'The master user may create slots and a role that replicates',
  'subscription-privilege': 'The master user may create subscriptions',
  'signal-privilege': 'The master user may terminate other sessions',
  'activity-privilege': 'The master user sees what other sessions do',
  'login-roles': 'The master user may take and give back the login of every application role',
  'role-attributes': 'On the copy road no application role has an attribute that RDS gives nobody',
  'role-passwords': 'On the copy road the roles that get a new password are known beforehand',
  'table-owners': 'The master user has, or can give itself, the rights of every owner',
  'database-privileges': 'The master user may connect to each database and create objects in it',
  'origin-functions': 'The master user may set replication origins',
  databases: 'There is at least one database to migrate',
  'databases-left-out': 'No database stays behind',
  'connection-limits': 'No connection limit keeps the migration out of a database',
  'stream-names': 'Every database has a slot name of its own',
  'replica-identity': 'UPDATE and DELETE of every table can be replicated',
  'replica-identity-types': 'Every column of a table with replica identity FULL can be compared',
  'pglogical-server': 'With engine pglogical the source has it loaded, and processes for it',
  'pglogical-keys': 'With engine pglogical every row has a key',
  'pglogical-truncates': 'With engine pglogical no foreign key stands in the way of a TRUNCATE',
  'unlogged-tables': 'No unlogged table: its content does not travel',
  'large-objects': 'No large object: logical replication does not carry them',
  'foreign-tables': 'No foreign table: its content lies elsewhere',
  'user-mappings': 'On the copy road no user mapping stays behind',
  'row-security': 'Row security hides no row from the migration',
  'event-triggers': 'No event trigger fires on what the migration does',
  'replica-triggers': 'No trigger fires when changes are applied on the target',
  'table-locks': 'Nobody holds a lock that excludes readers',
  extensions: 'Every table of an extension travels as others do',
  'extension-versions': 'Every extension has a version that the target knows and allows',
  'rewritten-values': 'On the copy road no column has a type whose values the newer major writes otherwise',
  encoding: 'The text of every database has a known encoding',
  'collation-versions': 'Every collation has the version that indexes were built with',
  'integer-keys-near-end': 'No integer key comes to the end of its type',
  'sequences-near-end': 'No sequence comes to its end',
  'keyless-activity': 'No large table without a key must be read whole under the fence',
  'search-path': 'No function that apply calls depends on the search_path',
  'generated-columns': 'Generated columns are computed by functions of PostgreSQL alone',
  jobs: 'No job of pg_cron writes on one side or the other',
} as const satisfies Readonly<Record<string, string>>;

/** The id of a check. */
export type CheckId = keyof typeof CHECKS;

/** What RDS alone says, of an instance alone: of any other server there is nothing to check, and nothing passes by default. */
export const OF_INSTANCES: readonly CheckId[] = [
  'source-encryption',
  'parameter-group',
  'parameter-differences',
  'read-replicas',
  'iam-authentication',
  'option-group',
  'attached-roles',
  'recent-backup',
];

/** What RDS sees to on its instances, and what a server of somebody's own has to answer for. */
export const OF_HOSTS: readonly CheckId[] = [
  'listen-addresses',
  'password-encryption',
  'connections',
  'client-authentication',
  'reserved-names',
  'replication-handshake',
  'text-order',
];

/** A check that found nothing to object to. */
export function pass(id: CheckId, detail: string): Check {
  return { id, verdict: 'pass', detail, remedy: '' };
}

/** A check that found something legal that the operator should know. */
export function warn(id: CheckId, detail: string, remedy: string): Check {
  return { id, verdict: 'warn', detail, remedy };
}

/** A check that found something that would hurt the source or lose data. */
export function block(id: CheckId, detail: string, remedy: string): Check {
  return { id, verdict: 'block', detail, remedy };
}

/** The worst verdict of some checks. */
export function worst(checks: readonly Check[]): Check['verdict'] {
  if (checks.some((check) => check.verdict === 'block')) return 'block';
  return checks.some((check) => check.verdict === 'warn') ? 'warn' : 'pass';
}

/** Lists `items` with commas, and how many more there are after the first `limit`. */
export function listed(items: readonly string[], limit = 10): string {
  const shown = items.slice(0, limit).join(', ');
  return items.length > limit ? `${shown} and ${items.length - limit} more` : shown;
}

/** Joins statements or clauses of a remedy, at most `limit`. */
export function statements(items: readonly string[], limit = 5): string {
  const shown = items.slice(0, limit).join('; ');
  return items.length > limit ? `${shown}; and so on for ${items.length - limit} more` : shown;
}

/** A relation as people and SQL write it: `database: "schema"."name"`. */
export function place(database: string, schema: string, name: string): string {
  return `${database}: ${ident(schema)}.${ident(name)}`;
}
