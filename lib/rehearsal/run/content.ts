/** What the source holds, and who writes to it. */
import type { WriterDatabase, WriterMode } from '../writers/protocol';

/** A filled source, and who writes to it. */
export interface Content {
  readonly databases: readonly string[];
  readonly writerDatabases: readonly WriterDatabase[];
  readonly writerMode: WriterMode;
}
