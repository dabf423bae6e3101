/** Loads the user's own dump into the source. */
import { randomBytes } from 'node:crypto';
import { inspectDumpFile } from '../dump/dump-file';
import { loadDump } from '../dump/load-dump';
import type { Content } from './content';
import type { Tell } from './events';
import { connect } from './master-session';
import { MASTER_USERNAME } from './place';
import type { Source } from './source';

/** The database that a dump is loaded into. */
const DUMP_DATABASE = 'dump';

/** The role that writes to it. */
export const DUMP_WRITER = 'rehearsal_app';

/** Looks at every file before anything is started; a missing or broken one is one clear error. */
export async function requireDumps(files: readonly string[]): Promise<void> {
  for (const file of files) await inspectDumpFile(file);
}

/** Loads the files in their order. */
export async function loadDumps(source: Source, files: readonly string[], tell: Tell): Promise<Content> {
  const login = { user: MASTER_USERNAME, password: source.masterPassword };
  await loadDump({
    connect: (database) => connect(source.server, login, database),
    connectAsSuperuser: (database) => source.server.admin(database),
    database: DUMP_DATABASE,
    files,
    onProgress: ({ file, bytes, totalBytes }) =>
      tell({
        kind: 'progress',
        phase: 'Load the database',
        doing: file,
        done: bytes,
        total: totalBytes,
        unit: 'bytes',
      }),
    onNotice: (text) => tell({ kind: 'note', text }),
  });
  const writer = { database: DUMP_DATABASE, user: DUMP_WRITER, password: randomBytes(18).toString('base64url') };
  return { databases: [DUMP_DATABASE], writerDatabases: [writer], writerMode: 'generic' };
}
