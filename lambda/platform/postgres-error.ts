/**
 * PostgreSQL's errors as steps see them: told apart by SQLSTATE, and without what may hold a row or a connection string
 * (facts K8, style section 6).
 */
import { DatabaseError } from 'pg';
import { Blocked, NotReady } from '../errors';

/** Classes and codes whose messages speak of objects and settings, never of values or of hosts. */
const SPEAKABLE = ['0A', '25', '28P01', '2B', '40', '42', '53', '54', '55', '57', '58'];

/** SQLSTATE classes and codes after which asking again is right: connection, serialization, deadlock, lock, shutdown. */
const TRANSIENT = ['08', '40001', '40P01', '55P03', '57P0', '57014', '53300'];

/** Network errors of the client, by `code`. */
const TRANSIENT_NETWORK = [
  'ECONNREFUSED',
  'ECONNRESET',
  'ETIMEDOUT',
  'EPIPE',
  'EHOSTUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
];

/** A statement that PostgreSQL refused. */
export class PostgresError extends Error {
  override readonly name = 'PostgresError';

  /** The five characters by which PostgreSQL's errors are told apart. */
  readonly sqlState: string;

  constructor(statement: string, error: DatabaseError) {
    const sqlState = error.code ?? 'unknown';
    const object = [error.schema, error.table, error.column, error.constraint].filter(Boolean).join('.');
    const said = SPEAKABLE.some((prefix) => sqlState.startsWith(prefix)) ? `: ${error.message}` : '';
    super(`postgresql refused ${statement} with SQLSTATE ${sqlState}${object === '' ? '' : ` on ${object}`}${said}`);
    this.sqlState = sqlState;
  }
}

/** The SQLSTATE of an error of ours or of the driver; undefined for anything else. */
export function sqlStateOf(error: unknown): string | undefined {
  if (error instanceof PostgresError) return error.sqlState;
  if (error instanceof NotReady) return sqlStateOf(error.cause);
  return error instanceof DatabaseError ? error.code : undefined;
}

/** True when `error` is a cut or refused connection. */
export function connectionLost(error: unknown): boolean {
  const code = (error as { code?: unknown } | null)?.code;
  if (typeof code === 'string' && TRANSIENT_NETWORK.includes(code)) return true;
  const state = sqlStateOf(error);
  return state !== undefined && (state.startsWith('08') || state.startsWith('57P0'));
}

/** Node.js's codes of a certificate that is not trusted; their messages quote the host. */
function isCertificateFailure(code: string): boolean {
  return /CERT|SIGNATURE|ISSUER|^ERR_(TLS|SSL)_/.test(code);
}

/** The error to throw for what the driver threw while running `statement`: `NotReady` where asking again is right. */
export function translate(statement: string, error: unknown): Error {
  if (error instanceof DatabaseError) {
    const clean = new PostgresError(statement, error);
    const transient = TRANSIENT.some((prefix) => clean.sqlState.startsWith(prefix));
    return transient ? new NotReady(clean.message, { cause: clean }) : clean;
  }
  const code = (error as { code?: unknown } | null)?.code;
  if (typeof code === 'string' && TRANSIENT_NETWORK.includes(code)) {
    return new NotReady(`connection failed with ${code} during ${statement}, it is tried again`, { cause: { code } });
  }
  if (error instanceof Error && !('code' in error)) {
    // The driver reports a cut connection and its own query timeout as plain errors without a code.
    return new NotReady(`connection ended or timed out during ${statement}, it is tried again`, { cause: error.name });
  }
  if (typeof code === 'string' && isCertificateFailure(code)) {
    return new Blocked(
      `the certificate of the server is refused with ${code} during ${statement}, ` +
        "configure source.trustedCaPem with the authority that issued it, or renew the instance's certificate",
      { cause: { code } },
    );
  }
  return error instanceof Error ? error : new Error(`unknown failure during ${statement}`);
}
