/** Ends a run with the status `failed`; the text is what DMS shows, without any value of a row. */
export class TaskFailure extends Error {
  override readonly name = 'TaskFailure';
}

/** Classes and codes of SQLSTATE, and of sockets, after which DMS tries again: connection lost, server going or not yet there. */
const RECOVERABLE = /^(?:08...|57P0[123]|53300|55006|40001|40P01|ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT)$/;

/** The SQLSTATE, or the socket's error code, of whatever was thrown; empty when it has none. */
export function codeOf(error: unknown): string {
  if (typeof error !== 'object' || error === null) return '';
  const { code, cause } = error as { readonly code?: unknown; readonly cause?: unknown };
  return typeof code === 'string' ? code : cause === undefined ? '' : codeOf(cause);
}

/** How a driver says that a connection broke or did not come about: such errors have no code. */
const BROKEN = /^(?:Connection terminated|Client has encountered a connection error|timeout)/;

/** Whether DMS tries again after this error. */
export function isRecoverable(error: unknown): boolean {
  if (error instanceof TaskFailure || !(error instanceof Error)) return false;
  const code = codeOf(error);
  if (code !== '') return RECOVERABLE.test(code);
  return BROKEN.test(error.message) || (error.cause !== undefined && isRecoverable(error.cause));
}

/** Says an error by its SQLSTATE and the object that it names: messages may hold values of rows. */
export function describeError(error: unknown): string {
  const { constraint, column, table, schema } = error as Readonly<Record<string, unknown>>;
  const object = [schema, table, column, constraint].filter((part) => typeof part === 'string').join('.');
  const code = codeOf(error);
  const words = code === '' && error instanceof Error ? ` Message: ${error.message}` : '';
  return `RetCode: SQL_ERROR SqlState: ${code === '' ? 'HY000' : code}${object === '' ? '' : ` object: ${object}`}${words}`;
}
