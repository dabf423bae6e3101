import { Refusal } from '../fault';
import { invalidValue } from './names';
import type { StopPosition } from './task';

const CHECKPOINT = /^checkpoint:V1#34#([0-9A-F]{8})\/([0-9A-F]{8})#/i;

/** An LSN as a number that compares. */
export function lsnNumber(lsn: string): bigint {
  const [high = '0', low = '0'] = lsn.split('/');
  return (BigInt(`0x${high}`) << 32n) + BigInt(`0x${low}`);
}

/** Writes a checkpoint in the form that DMS has for PostgreSQL sources: `checkpoint:V1#34#00000132/0F000E48#0#0#*#0#121`. */
export function writeCheckpoint(lsn: string): string {
  const [high = '', low = ''] = lsn.split('/').map((part) => part.toUpperCase().padStart(8, '0'));
  return `checkpoint:V1#34#${high}/${low}#0#0#*#0#121`;
}

/**
 * Reads `CdcStartPosition`: an LSN or a checkpoint. A timestamp does not exist for PostgreSQL sources.
 *
 * @throws AwsFault `InvalidParameterValueException`
 */
export function readStartPosition(position: string): string {
  const [, high, low] = CHECKPOINT.exec(position) ?? [];
  if (high !== undefined && low !== undefined) return `${bare(high)}/${bare(low)}`;
  if (/^[0-9A-F]{1,8}\/[0-9A-F]{1,8}$/i.test(position)) return position.toUpperCase();
  throw invalidValue(`CdcStartPosition must be an LSN or a checkpoint for a PostgreSQL source, got ${position}`);
}

/**
 * Reads `CdcStopPosition`: `server_time:` or `commit_time:` and a time in UTC.
 *
 * @throws AwsFault `InvalidParameterValueException`
 */
export function readStopPosition(position: string): StopPosition {
  const [, kind, text = ''] = /^(server_time|commit_time):\s*(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)$/.exec(position) ?? [];
  const at = Date.parse(`${text}Z`);
  if ((kind === 'server_time' || kind === 'commit_time') && Number.isFinite(at)) return { kind, at };
  if (position.startsWith('checkpoint:')) throw new Refusal(`CdcStopPosition ${position} of DMS tasks`);
  throw invalidValue(`CdcStopPosition must be server_time:<time> or commit_time:<time>, got ${position}`);
}

/** Without leading zeros, as PostgreSQL writes the halves of an LSN. */
function bare(half: string): string {
  return half.toUpperCase().replace(/^0+(?=.)/, '');
}
