/** Fills the source: with the sample, or with the user's dump. */
import { randomBytes } from 'node:crypto';
import { loadSample } from '../sample/load-sample';
import { SAMPLE_DATABASES, SAMPLE_LOGINS, type SamplePasswords } from '../sample/roles';
import { prepareWriters } from '../writers/prepare-writers';
import type { Content } from './content';
import { DUMP_WRITER, loadDumps } from './dump-content';
import type { Tell } from './events';
import { connect } from './master-session';
import type { RehearsalOptions } from './options';
import { MASTER_USERNAME } from './place';
import type { Source } from './source';

/** The roles that the writers will log in as; known before anything is loaded. */
export function writerRoles({ dumpFiles }: Pick<RehearsalOptions, 'dumpFiles'>): readonly string[] {
  return dumpFiles.length > 0 ? [DUMP_WRITER] : Object.values(SAMPLE_DATABASES).map(({ application }) => application);
}

/** Fills the source, and makes the schema in which the writers keep their books. */
export async function loadContent(source: Source, options: RehearsalOptions, tell: Tell): Promise<Content> {
  const login = { user: MASTER_USERNAME, password: source.masterPassword };
  const master = (database: string) => connect(source.server, login, database);
  const content = options.dumpFiles.length > 0 ? await loadDumps(source, options.dumpFiles, tell) : await sample();
  for (const database of content.databases) {
    const { prepare } = options.test ?? {};
    if (prepare) await source.server.withAdmin(database, (session) => prepare(database, session));
  }
  await prepareWriters({ connect: master, databases: content.writerDatabases, mode: content.writerMode });
  return content;

  async function sample(): Promise<Content> {
    const passwords = Object.fromEntries(
      SAMPLE_LOGINS.map((name) => [name, randomBytes(18).toString('base64url')]),
    ) as SamplePasswords;
    await loadSample({
      connect: master,
      size: options.size,
      passwords,
      // The policy of what is old counts back from the present.
      now: new Date(),
      onProgress: ({ database, doing, rows, totalRows }) =>
        tell({
          kind: 'progress',
          phase: 'Load the database',
          doing: `${database}: ${doing}`,
          done: rows,
          total: totalRows,
          unit: 'rows',
        }),
    });
    const writerDatabases = Object.entries(SAMPLE_DATABASES).map(([database, { application }]) => ({
      database,
      user: application,
      password: passwords[application],
    }));
    return { databases: writerDatabases.map(({ database }) => database), writerDatabases, writerMode: 'sample' };
  }
}
