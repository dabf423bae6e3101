/** The application under load: writers that resolve the database's name at every connection, as applications do. */
import { startWriters, type WriterHandle } from '../writers/start-writers';
import type { Content } from './content';
import type { Tell } from './events';
import type { LocalAws } from './local-aws';
import { RECORD_NAME } from './place';

const TELL_EVERY_MS = 500;

/** Writers at work. */
export interface Traffic {
  readonly writers: WriterHandle;
  /** Stops telling; the writers themselves are stopped by their handle. */
  stopTelling(): void;
}

/** Starts the writers; null when none is wanted. */
export async function startTraffic(
  aws: LocalAws,
  content: Content,
  count: number,
  tell: Tell,
): Promise<Traffic | null> {
  if (count === 0) return null;
  const writers = await startWriters({
    writers: count,
    databases: content.writerDatabases,
    mode: content.writerMode,
    ca: aws.authority.caPem,
    resolve: async () => {
      const location = aws.plane.locate(RECORD_NAME);
      if (!location) throw new Error(`name ${RECORD_NAME} leads to no instance`);
      return { host: location.hostName, port: location.port };
    },
  });
  const timer = setInterval(() => {
    const { acknowledged, perSecond, refused, latencyP99Ms } = writers.stats();
    tell({ kind: 'writers', acknowledged, perSecond, refused, latencyP99Ms });
  }, TELL_EVERY_MS);
  return { writers, stopTelling: () => clearInterval(timer) };
}
