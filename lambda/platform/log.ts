/** One JSON line per fact, past tense, with a fixed vocabulary; never an event, a row or an SDK response as a whole. */
import { Logger } from '@aws-lambda-powertools/logger';

/** Fields of a log line; values are scalars, so that nothing is logged whole by accident. */
export type LogFields = Readonly<Record<string, string | number | boolean | null>>;

/** Where a step tells what happened. */
export interface Log {
  /** A fact, such as `slot created`. */
  fact(event: string, fields?: LogFields): void;
  /** Something legal but odd. */
  warning(event: string, fields?: LogFields): void;
}

/** A log whose lines all carry `fields`. */
export function createLog(fields: LogFields): Log {
  const logger = new Logger({ serviceName: 'sealift', persistentKeys: { ...fields } });
  return {
    fact: (event, more = {}) => logger.info(event, { ...more }),
    warning: (event, more = {}) => logger.warn(event, { ...more }),
  };
}
