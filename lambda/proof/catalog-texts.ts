/**
 * Texts that differ in words only. A server prints what it has parsed: another major says the same in other words, and even the same
 * major prints a text that was dumped and read again otherwise than the first time. So the newer server of the two reads both
 * texts and prints them: what it prints alike is alike (decision 22).
 */
import { randomBytes } from 'node:crypto';
import { Blocked } from '../errors';
import { joinRolesForNow } from '../platform/memberships';
import type { Session } from '../platform/postgres';
import { catalogTexts } from './catalog-sql';
import type { CatalogText } from './catalog-texts-sql';
import * as sql from './catalog-texts-sql';
import type { CatalogForm } from './catalog-words-sql';

/** Texts read by one statement: some milliseconds each. */
const TEXTS_PER_STATEMENT = 500;

/** How often a text is read: what one reading makes of it may be said shorter by the next. */
const READINGS = 2;

/** The form in which `session` says what can be compared with what `other` says. */
export function formFor(session: Session, other: Session): CatalogForm {
  const { major } = session;
  return { major, since: Math.min(major, other.major), sameMajor: major === other.major };
}

/** Those of the facts `names` (`kind object`) whose texts say the same on both sides. Nothing is left on either. */
export async function alikeInOtherWords(
  source: Session<'source'>,
  target: Session<'target'>,
  names: readonly string[],
): Promise<ReadonlySet<string>> {
  if (names.length === 0) return new Set();
  const [left, right] = await Promise.all([
    source.query<CatalogText>(catalogTexts(formFor(source, target), names)),
    target.query<CatalogText>(catalogTexts(formFor(target, source), names)),
  ]);
  const newer = source.major > target.major ? source : target;
  const read = await readAgain(newer, [...left, ...right]);
  const texts = new Map(right.map(({ name }, index) => [name, read[left.length + index] ?? null]));
  const alike = left.filter(({ name }, index) => {
    const text = read[index] ?? null;
    return text !== null && text === texts.get(name);
  });
  return new Set(alike.map(({ name }) => name));
}

/** The texts as `session` prints them, in their order; null for one that it cannot read. */
async function readAgain(session: Session, texts: readonly CatalogText[]): Promise<(string | null)[]> {
  const reader = `reader_${randomBytes(6).toString('hex')}`;
  await session.execute(sql.beginReading);
  try {
    await joinOwners(session);
    await session.execute(sql.createReader(reader));
    let read: (string | null)[] = texts.map(({ text }) => text);
    for (let reading = 0; reading < READINGS; reading += 1) {
      read = await readOnce(session, reader, texts, read, reading > 0);
    }
    return read;
  } finally {
    await session.execute(sql.endReading).catch(() => undefined);
  }
}

async function readOnce(
  session: Session,
  reader: string,
  texts: readonly CatalogText[],
  before: readonly (string | null)[],
  again: boolean,
): Promise<(string | null)[]> {
  const asked = texts.flatMap((one, index) => {
    const text = before[index] ?? null;
    return text === null ? [] : [{ index, text: again ? printed(one, text) : { ...one, text } }];
  });
  const read: (string | null)[] = texts.map(() => null);
  for (let at = 0; at < asked.length; at += TEXTS_PER_STATEMENT) {
    const batch = asked.slice(at, at + TEXTS_PER_STATEMENT);
    const statement = sql.readTexts(
      reader,
      batch.map(({ text }) => text),
    );
    const rows = await session.query<{ text: string | null }>(statement);
    for (const [place, { index }] of batch.entries()) read[index] = rows[place]?.text ?? null;
  }
  return read;
}

/** What was printed of a text, to be read again: expressions were printed as part of a query. */
function printed(text: CatalogText, found: string): CatalogText {
  if (text.reading === 'expression') return { ...text, reading: 'query', relation: null, text: found };
  if (text.reading === 'domain') return { ...text, text: found.replace(/^CHECK \((.*)\)$/s, '$1') };
  return { ...text, text: found };
}

/** What a text names may belong to roles that the master user is no member of; a role that cannot be joined is left alone. */
async function joinOwners(session: Session): Promise<void> {
  const owners = await session.query<{ role: string }>(sql.ownersOfObjects);
  for (const { role } of owners) {
    await session.execute(sql.beforeJoining);
    try {
      await joinRolesForNow(session, [role]);
    } catch (error) {
      if (!(error instanceof Blocked)) throw error;
      await session.execute(sql.withoutJoining);
    }
  }
}
