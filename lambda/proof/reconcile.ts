/**
 * What would bring the target to the definitions of the source, as statements that a human looks at and runs. The target is
 * changed first and the publication last, so that apply never meets a table or column that is not there.
 */
import type { Session, Statement } from '../platform/postgres';
import { ident } from '../platform/quote';
import type { Drift } from './catalog-diff';
import { type Difference, inWords } from './compare-facts';
import { notFollowedInWords } from './followed-tables';
import type { Recipe } from './reconcile-sql';
import * as sql from './reconcile-sql';

/** Statements for one side, in the order in which they are run. */
export interface Part {
  readonly where: 'source' | 'target';
  readonly what: string;
  readonly statements: readonly string[];
}

/** How the two sides are brought together. */
export interface Reconciliation {
  readonly parts: readonly Part[];
  /** Differences that no statement could be derived for, in words. */
  readonly byHand: readonly string[];
}

/** Names of our own that the statements need. */
export interface StreamNames {
  /** Publication and subscription. */
  readonly stream: string;
  readonly replicationRole: string;
  /** Major of the target: a right that it does not know is not granted. */
  readonly targetMajor: number;
}

/** Kinds whose missing facts come with a relation, a constraint or a parent. */
const IMPLIED = new Set(['column', 'constraint', 'index', 'trigger', 'sequence', 'enum', 'type', 'schema']);

/** What is read from the source for objects that the target lacks, in the order of the statements. */
const MAKE: readonly Statement[] = [sql.makeSpaces, sql.makeRelations, sql.addColumns, sql.addDetails];

/** What is read for objects that differ. */
const ALTER: readonly Statement[] = [sql.alterRelations, sql.alterColumns];

/** Kinds that are dropped and made anew when they differ. */
const REMADE = new Set(['constraint', 'index', 'trigger']);

/** Derives the statements of a drift; `source` must be pinned. */
export async function reconcile(source: Session<'source'>, drift: Drift, names: StreamNames): Promise<Reconciliation> {
  const { differences } = drift;
  const tables = new Set(namesOf(differences, 'missing', 'relation'));
  const missing = differences.filter(({ how, object }) => how === 'missing' && !isColumnOf(object, tables));
  const otherwise = differences.filter(({ how }) => how === 'otherwise');
  const remade = otherwise.filter(({ kind }) => REMADE.has(kind));
  const known = (made: readonly Recipe[]) => made.map((recipe) => knownTo(names.targetMajor, recipe));
  const makes = known(await recipes(source, MAKE, [...missing, ...remade]));
  const alters = known(await recipes(source, ALTER, otherwise));
  const drops = [...remade, ...differences.filter(({ how }) => how === 'extra')].sort(byRank);
  const derived = new Set([...makes, ...alters].map(({ kind, object }) => `${kind} ${object}`));
  const dropped = drops.flatMap((difference) => dropOf(difference) ?? []).filter((statement) => statement !== '');
  const target = [...dropped, ...alters.flatMap(statementsOf), ...makes.flatMap(statementsOf)];
  const byHand = differences.filter((difference) => {
    const { kind, object, how } = difference;
    if (derived.has(`${kind} ${object}`)) return false;
    if (how === 'extra') return dropOf(difference) === null;
    return how === 'otherwise' || !(IMPLIED.has(kind) || isIdentitySequence(difference));
  });
  return {
    parts: [...part('target', 'definitions', target), ...(await follow(source, drift, names))],
    byHand: byHand.map(inWords),
  };
}

/** A drift in words, tables and partitions first, without the columns and indexes that come and go with them. */
export function driftInShort({ differences, notFollowed }: Drift): string[] {
  const relations = differences.filter(({ kind }) => kind === 'relation');
  const whole = new Set(relations.filter(({ how }) => how !== 'otherwise').map(({ object }) => object));
  const rest = differences.filter(({ kind, object, how }) => {
    if (kind === 'relation' || (kind === 'sequence' && whole.has(object))) return false;
    return how === 'otherwise' || !(kind === 'column' && isColumnOf(object, whole));
  });
  const isTable = ({ definition }: Difference) => /^\["[rp]"/.test(definition ?? '');
  const tables = relations.filter(isTable);
  return [...tables, ...relations.filter((each) => !isTable(each)), ...rest]
    .map(inWords)
    .concat(notFollowedInWords(notFollowed));
}

async function recipes(
  source: Session<'source'>,
  statements: readonly Statement[],
  differences: readonly Difference[],
): Promise<Recipe[]> {
  if (differences.length === 0) return [];
  const wanted = new Set(differences.map(({ kind, object }) => `${kind} ${object}`));
  const found: Recipe[] = [];
  for (const { text } of statements) {
    const rows = await source.query<Recipe>({ text, values: [differences.map(({ object }) => object)] });
    found.push(...rows.filter(({ kind, object }) => wanted.has(`${kind} ${object}`)));
  }
  return found;
}

/** MAINTAIN came with 17. */
function knownTo(major: number, recipe: Recipe): Recipe {
  if (major >= 17) return recipe;
  const statements = recipe.statements.map((statement) =>
    statement.replace(/^grant ([a-z, ]+) on /, (_, rights: string) => {
      return `grant ${rights
        .split(', ')
        .filter((right) => right !== 'maintain')
        .join(', ')} on `;
    }),
  );
  return { ...recipe, statements: statements.filter((statement) => !statement.startsWith('grant  on ')) };
}

/** Tables that do not follow are published and copied: rows that were written before are fetched by the subscription itself. */
async function follow(
  source: Session<'source'>,
  { differences, notFollowed: { unpublished, unsubscribed } }: Drift,
  { stream, replicationRole }: StreamNames,
): Promise<Part[]> {
  // A new partition of a published table is published with it: only the target tells that it is new.
  const made = differences.filter(({ how, definition }) => how === 'missing' && definition?.startsWith('["r", "p"'));
  const tables = [...new Set([...unpublished, ...unsubscribed, ...made.map(({ object }) => object)])];
  if (tables.length === 0) return [];
  const nameless = await source.query<{ object: string }>({ ...sql.withoutIdentity, values: [tables] });
  const full = nameless.map(({ object }) => `alter table ${object} replica identity full`);
  const role = ident(replicationRole);
  return [
    ...part('target', 'tables without a key need an identity', full),
    ...part('source', 'the stream carries the new tables', [
      ...full,
      ...tables.map((table) => `grant select on ${table} to ${role}`),
      ...unpublished.map((table) => `alter publication ${ident(stream)} add table ${table}`),
    ]),
    ...part('target', 'the subscription copies what they hold already and follows them', [
      `alter subscription ${ident(stream)} refresh publication with (copy_data = true)`,
    ]),
    ...part(
      'source',
      'when pg_subscription_rel of the target says r for each of them',
      tables.map((table) => `revoke select on ${table} from ${role}`),
    ),
  ];
}

function part(where: Part['where'], what: string, statements: readonly string[]): Part[] {
  return statements.length === 0 ? [] : [{ where, what, statements }];
}

function statementsOf({ statements }: Recipe): readonly string[] {
  return statements;
}

function namesOf(differences: readonly Difference[], how: Difference['how'], kind: string): string[] {
  return differences.filter((each) => each.how === how && each.kind === kind).map(({ object }) => object);
}

const LAST_NAME = /^(.*)\.("(?:[^"]|"")+"|[^".]+)$/s;

/** True for a column of a table that is made whole. */
function isColumnOf(object: string, tables: ReadonlySet<string>): boolean {
  return tables.has(LAST_NAME.exec(object)?.[1] ?? '');
}

/** The sequence of an identity column comes with its table or column. */
function isIdentitySequence({ kind, definition }: Difference): boolean {
  return kind === 'relation' && definition !== null && definition.startsWith('["S"');
}

const DROPPED: Readonly<Record<string, string>> = {
  r: 'table',
  p: 'table',
  v: 'view',
  m: 'materialized view',
  S: 'sequence',
};

/** What stands on others goes before them. */
const RANKS = ['trigger', 'constraint', 'index', 'column', 'relation', 'schema'];

function byRank(a: Difference, b: Difference): number {
  return RANKS.indexOf(a.kind) - RANKS.indexOf(b.kind);
}

/** The statement that takes an object off the target; empty when another does, null when a human has to write it. */
function dropOf({ kind, object, definition }: Difference): string | null {
  const [, head = '', last = ''] = LAST_NAME.exec(object) ?? [];
  if (kind === 'column') return `alter table ${head} drop column if exists ${last}`;
  if (kind === 'index') return `drop index if exists ${object}`;
  if (kind === 'constraint') {
    const [, name, table] = /^.*?\.("(?:[^"]|"")+"|[^" ]+) on (.*)$/s.exec(object) ?? [];
    return name === undefined ? null : `alter table ${table} drop constraint if exists ${name}`;
  }
  if (kind === 'trigger') {
    const [, name, table] = /^("(?:[^"]|"")+"|[^" ]+) on (.*)$/s.exec(object) ?? [];
    return name === undefined ? null : `drop trigger if exists ${name} on ${table}`;
  }
  if (kind === 'relation') {
    const what = DROPPED[definition?.charAt(2) ?? ''];
    return what === undefined ? null : `drop ${what} if exists ${object}`;
  }
  // A sequence's numbers and a view's text go with their relation.
  if (kind === 'sequence' || kind === 'view') return '';
  return null;
}
