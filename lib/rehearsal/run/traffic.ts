/** The application under load: writers that follow the switch at every connection, as applications do. */
import type { Location } from '../control-plane/control-plane';
import { startWriters, type WriterHandle } from '../writers/start-writers';
import type { Content } from './content';
import type { Tell } from './events';
import type { RehearsalOptions } from './options';

const TELL_EVERY_MS = 500;

/** Writers at work. */
export interface Traffic {
  readonly writers: WriterHandle;
  /** Stops telling; the writers themselves are stopped by their handle. */
  stopTelling(): void;
}

/** What the application is made of. */
export interface Application {
  /** Certificate authority that it trusts, PEM. */
  readonly ca: string;
  /** Where it is led at this moment. */
  readonly door: () => Promise<Location | null>;
  readonly content: Content;
}

/** Starts the writers; null when none is wanted. */
export async function startTraffic(
  { ca, door, content }: Application,
  { writers: count, test }: Pick<RehearsalOptions, 'writers' | 'test'>,
  tell: Tell,
): Promise<Traffic | null> {
  if (count === 0) return null;
  const writers = await startWriters({
    writers: count,
    databases: content.writerDatabases,
    mode: content.writerMode,
    thinkMs: test?.thinkMs,
    ca,
    resolve: async () => {
      const location = await door();
      if (!location) throw new Error('what the applications follow leads to no instance');
      return { host: location.hostName, port: location.port };
    },
  });
  const timer = setInterval(() => {
    const { acknowledged, perSecond, refused, latencyP99Ms } = writers.stats();
    tell({ kind: 'writers', acknowledged, perSecond, refused, latencyP99Ms });
  }, TELL_EVERY_MS);
  return { writers, stopTelling: () => clearInterval(timer) };
}
