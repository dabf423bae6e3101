/** Measures amounts on the source: bytes of the databases, WAL and its rate, sessions. */
import { setTimeout as pause } from 'node:timers/promises';
import { migrationPrefix } from '../platform/names';
import type { Session } from '../platform/postgres';
import * as volume from './sql/volume';
import { bytesInWords, durationInWords } from './words';

/** The sample of WAL lasts at least this long: a shorter one says nothing about a rate. */
export const SAMPLE_MS = 1_000;

/** The average since the reset of the statistics counts from this age on: a young server's is its loading. */
const AVERAGE_SECONDS = 3_600;

/** Where WAL stood at a moment of the server's clock. */
interface WalPosition {
  readonly bytes: number;
  readonly seconds: number;
}

/** How fast the source writes WAL. */
export interface WalRate {
  /** The larger of average and sample. */
  readonly bytesPerSecond: number;
  /** Null below 14, and while the statistics are younger than an hour. */
  readonly averageBytesPerSecond: number | null;
  readonly sampledBytesPerSecond: number;
  readonly basis: string;
}

/** Amounts on the whole server. */
export interface VolumeSurvey {
  /** Bytes of all databases, those of RDS included. */
  readonly databaseBytes: number;
  /** False when some database hid its size. */
  readonly databaseBytesComplete: boolean;
  /** Null when the master user may not list the directory. */
  readonly walDirectoryBytes: number | null;
  readonly connectedSessions: number;
  readonly activeSessions: number;
  readonly wal: WalRate;
}

/** Begins the sample of WAL. */
export async function walPosition(home: Session): Promise<WalPosition> {
  const found = await home.one<{ bytes: string; seconds: number }>(volume.walPosition);
  return { bytes: Number(found.bytes), seconds: found.seconds };
}

/** Measures; the WAL rate is that since `begun`, at least `sampleMs` ago when it is taken. */
export async function surveyVolume(
  home: Session,
  migrationId: string,
  begun: WalPosition,
  sampleMs: number,
): Promise<VolumeSurvey> {
  const all = await home.one<{ bytes: string; complete: boolean }>(volume.allDatabases);
  const { listable } = await home.one<{ listable: boolean }>(volume.walDirectoryListable);
  const directory = listable ? await home.one<{ bytes: string }>(volume.walDirectory) : null;
  const sessions = await home.one<{ connected: number; active: number }>(
    volume.clientSessions(migrationPrefix(migrationId)),
  );
  return {
    databaseBytes: Number(all.bytes),
    databaseBytesComplete: all.complete,
    walDirectoryBytes: directory === null ? null : Number(directory.bytes),
    connectedSessions: sessions.connected,
    activeSessions: sessions.active,
    wal: await measureWal(home, begun, sampleMs),
  };
}

async function measureWal(home: Session, begun: WalPosition, sampleMs: number): Promise<WalRate> {
  const average = home.versionNumber >= 140_000 ? await averageRate(home) : null;
  const soFar = await walPosition(home);
  await pause(Math.max(0, sampleMs - (soFar.seconds - begun.seconds) * 1000));
  const ended = await walPosition(home);
  const lasted = Math.max(ended.seconds - begun.seconds, SAMPLE_MS / 1000);
  const sampled = (ended.bytes - begun.bytes) / lasted;
  return walRate(average, sampled, lasted);
}

async function averageRate(
  home: Session,
): Promise<{ readonly bytesPerSecond: number; readonly seconds: number } | null> {
  const found = await home.one<{ bytes: string; seconds: number }>(volume.walStatistics);
  if (found.seconds < AVERAGE_SECONDS) return null;
  return { bytesPerSecond: Number(found.bytes) / found.seconds, seconds: found.seconds };
}

/** The larger of both: an average hides the busy hour, a sample of seconds may miss it. */
export function walRate(
  average: { readonly bytesPerSecond: number; readonly seconds: number } | null,
  sampledBytesPerSecond: number,
  sampleSeconds: number,
): WalRate {
  const sample = `${bytesInWords(sampledBytesPerSecond)}/s in ${sampleSeconds.toFixed(1)} s of this assessment`;
  const longer =
    average === null
      ? 'no average: the statistics are younger than an hour, or the major is 13'
      : `${bytesInWords(average.bytesPerSecond)}/s on average over ${durationInWords(average.seconds)}`;
  return {
    bytesPerSecond: Math.max(average?.bytesPerSecond ?? 0, sampledBytesPerSecond),
    averageBytesPerSecond: average?.bytesPerSecond ?? null,
    sampledBytesPerSecond,
    basis: `measured, the larger counts: ${sample}; ${longer}`,
  };
}
