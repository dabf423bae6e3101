/** The catalogue of a database as pg_dump says it: what two servers differ in, statement by statement. */
import { entriesOf, objectOf } from '../../../../lambda/copy/schema/entries';
import { pgDump } from '../../../../lambda/platform/pg-dump';
import type { Server } from '../../../../lambda/platform/postgres';
import { LIMITS } from './pair';

/** A statement and its object. */
export interface Statement {
  readonly object: string;
  readonly line: string;
}

/** Every statement of both sections with its object. */
export async function catalogueOf(server: Server, database: string): Promise<Statement[]> {
  const statements: Statement[] = [];
  for (const section of ['pre-data', 'post-data']) {
    const session = await server.another(database);
    const args = ['--schema-only', `--section=${section}`, '--verbose', '--encoding=UTF8', '--exclude-schema=sealift'];
    const entries = entriesOf(await pgDump(session, args, LIMITS).finally(() => session.close()));
    for (const entry of entries) {
      if (entry.type === 'SETTINGS') continue;
      for (const text of entry.statements) {
        const line = `${section} ${entry.type} ${objectOf(entry)}: ${text}`;
        if (!text.startsWith('SET default_')) statements.push({ object: objectOf(entry), line });
      }
    }
  }
  return statements;
}

/** What one has and the other has not. */
export function differences(source: readonly string[], target: readonly string[]) {
  return {
    missing: source.filter((statement) => !target.includes(statement)),
    more: target.filter((statement) => !source.includes(statement)),
  };
}
