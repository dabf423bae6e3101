/**
 * How the target's subscription reaches the source: a libpq keyword/value string. The one connection string of the project; it
 * goes into the target's catalogue and nowhere else (facts B17, K1). Manual, "Connection Strings".
 */
import { Blocked } from '../errors';

/** What the string says. */
export interface SubscriptionConnection {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly username: string;
  readonly password: string;
  readonly sslMode: 'require' | 'verify-full';
  /** File on the target's server; null with `require`. */
  readonly rootCertificatePath: string | null;
  readonly applicationName: string;
}

/** Seconds that the target waits for the source before it tries again. */
const CONNECT_TIMEOUT_SECONDS = 10;

/** Builds the string. Throws `Blocked` for a NUL byte, and for `verify-full` without a file. */
export function connectionString(connection: SubscriptionConnection): string {
  const { sslMode, rootCertificatePath } = connection;
  if (sslMode === 'verify-full' && rootCertificatePath === null) {
    throw new Blocked('replicationConnection has sslMode verify-full and no rootCertificatePath, set it');
  }
  const settings: [string, string][] = [
    ['host', connection.host],
    ['port', String(connection.port)],
    ['dbname', connection.database],
    ['user', connection.username],
    ['password', connection.password],
    ['sslmode', sslMode],
    ...(sslMode === 'verify-full' && rootCertificatePath !== null
      ? ([['sslrootcert', rootCertificatePath]] as [string, string][])
      : []),
    ['application_name', connection.applicationName],
    ['connect_timeout', String(CONNECT_TIMEOUT_SECONDS)],
  ];
  return settings.map(([keyword, value]) => `${keyword}=${quoteValue(value)}`).join(' ');
}

/** A libpq value: in single quotes, with a backslash before quotes and backslashes. */
export function quoteValue(value: string): string {
  if (value.includes('\0')) throw new Blocked('a value of the replication connection holds a NUL byte, remove it');
  return `'${value.replace(/[\\']/g, '\\$&')}'`;
}
