/** Checks of what comes to an end, and of what is large where time is short (facts B14; faults 48). */
import type { Check } from '../../contract/assessment';
import { ident, qualified } from '../../platform/quote';
import { type CheckId, listed, pass, statements, warn } from '../check';
import { inDatabase, located, where } from '../located';
import { ASSUMED } from '../prediction';
import type { DatabaseSurvey } from '../survey';
import { bytesInWords, durationInWords, grouped } from '../words';

/** A table without a key is worth a warning when reading it adds this much to the outage. */
const NOTABLE_MS = 1_000;

/** All of them. */
export function growthChecks(databases: readonly DatabaseSurvey[]): readonly Check[] {
  return [integerKeys(databases), sequences(databases), keylessActivity(databases)];
}

/** The change of type rewrites the table and locks it, so it is done before the migration or long after. */
function integerKeys(databases: readonly DatabaseSurvey[]): Check {
  const id = 'integer-keys-near-end';
  const found = located(databases, ({ content }) => content.integerKeys);
  if (found.length === 0) return pass(id, `no integer key has used three quarters of its range${hidden(databases)}`);
  const what = found.map(
    (key) => `${where(key)} column ${ident(key.column)} of type ${key.type} has used ${key.percent} %`,
  );
  const heals = found.flatMap((key) => [
    inDatabase(
      key.database,
      `alter table ${qualified(key.schema, key.name)} alter column ${ident(key.column)} type bigint`,
    ),
    inDatabase(key.database, `alter sequence ${qualified(key.sequenceSchema, key.sequence)} as bigint`),
  ]);
  return warn(id, listed(what), statements(heals, 10));
}

function sequences(databases: readonly DatabaseSurvey[]): Check {
  const id: CheckId = 'sequences-near-end';
  const found = located(databases, ({ content }) => content.sequences);
  if (found.length === 0) return pass(id, `no sequence has used three quarters of its range${hidden(databases)}`);
  const what = found.map((sequence) => `${where(sequence)} of type ${sequence.type} has used ${sequence.percent} %`);
  const heals = found.map((sequence) => {
    const name = qualified(sequence.schema, sequence.name);
    const wider = sequence.widest ? `alter sequence ${name} cycle` : `alter sequence ${name} as bigint no maxvalue`;
    return inDatabase(sequence.database, wider);
  });
  return warn(id, listed(what), statements(heals));
}

/** What the master user may not see it cannot judge; the migration joins the owners later. */
function hidden(databases: readonly DatabaseSurvey[]): string {
  const count = databases.reduce((sum, { content }) => sum + content.hiddenSequences, 0);
  return count === 0 ? '' : `; ${count} sequences hide their value from the master user`;
}

/** The gate compares such a table as a whole, because a changed row has no name (facts B14). */
function keylessActivity(databases: readonly DatabaseSurvey[]): Check {
  const id = 'keyless-activity';
  const found = located(databases, ({ content }) => content.busyKeyless);
  const bytes = found.reduce((sum, table) => sum + table.bytes, 0);
  const ms = (bytes / ASSUMED.hashBytesPerSecond) * 1000;
  const takes = `reading them whole under the fence takes about ${durationInWords(ms / 1000)}`;
  if (ms < NOTABLE_MS) {
    const none =
      found.length === 0 ? 'no table without a key is written to' : `${found.length} tables without a key: ${takes}`;
    return pass(id, none);
  }
  const what = found.map((table) => `${where(table)} of ${bytesInWords(table.bytes)}, ${grouped(table.writes)} writes`);
  const heals = found.map((table) =>
    inDatabase(
      table.database,
      `alter table ${qualified(table.schema, table.name)} add column sealift_id bigint generated always as identity primary key`,
    ),
  );
  return warn(
    id,
    `tables without a key that are written to, ${takes}: ${listed(what)}`,
    `give them a primary key, such as ${statements(heals, 3)}`,
  );
}

/** Bytes of the tables that the gate reads whole. */
export function keylessBytes(databases: readonly DatabaseSurvey[]): number {
  return databases.flatMap(({ content }) => content.busyKeyless).reduce((sum, { bytes }) => sum + bytes, 0);
}
