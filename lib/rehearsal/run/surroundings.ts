/** Where a running rehearsal is, for whoever looks at it from outside. */
import type { PostgresServer } from '../servers/postgres-server';
import type { Content } from './content';
import type { LocalAws } from './local-aws';

/** What hooks may look at. */
export interface Surroundings {
  readonly source: PostgresServer;
  readonly databases: readonly string[];
  /** Credentials of the applications. */
  readonly writerDatabases: Content['writerDatabases'];
  readonly aws: LocalAws;
  /** What the synthesis wrote. */
  readonly assemblyDirectory: string;
  /** The target's server; null before the restore. */
  target(): PostgresServer | null;
}
