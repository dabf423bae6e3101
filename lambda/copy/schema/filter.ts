/** Parts a dump into what the target runs and what it does not: nothing is left out in silence. */
import { Blocked } from '../../errors';
import { adapt } from './adapt';
import { type Entry, objectOf } from './entries';
import { type Loss, RULES, type TargetTraits } from './rules';
import { tokensOf } from './tokens';

/** A statement that is not run as it was dumped. It holds no text: that may hold a password. */
export interface LeftOut {
  readonly rule: string;
  readonly loss: Loss;
  readonly reason: string;
  /** pg_dump's word for the kind of object. */
  readonly type: string;
  /** The object, with its schema. */
  readonly object: string;
  /** OIDs on the source, as the entry has them. */
  readonly catalogId: Entry['catalogId'];
}

/** What became of a dump. */
export interface Filtered {
  /** Entries with the statements that the target runs; those of which none is left are missing. */
  readonly kept: readonly Entry[];
  readonly leftOut: readonly LeftOut[];
}

/** How far a statement is read: what rules ask stands before a routine's body or behind few arguments. */
const MOST_TOKENS = 4_000;

/** Rules are asked statement by statement; the first that applies decides. An object whose creation is lost goes as a whole. */
export function filterEntries(entries: readonly Entry[], target: TargetTraits): Filtered {
  const kept: Entry[] = [];
  const leftOut: LeftOut[] = [];
  for (const entry of entries) {
    const statements: string[] = [];
    let gone = false;
    for (const text of entry.statements) {
      const tokens = tokensOf(text, MOST_TOKENS);
      const rule = RULES.find(({ applies }) => applies({ tokens, entry }, target));
      if (rule !== undefined) {
        leftOut.push(leftOutBy(rule, entry));
        gone ||= rule.loss !== 'nothing' && tokens[0]?.value === 'create';
        continue;
      }
      // What follows a creation that was left out speaks of an object that is not there.
      if (gone) continue;
      const adapted = adapt(text, tokens, target);
      if (adapted.rule !== null) leftOut.push(leftOutBy(adapted.rule, entry));
      statements.push(adapted.text);
    }
    if (statements.length > 0) kept.push({ ...entry, statements });
  }
  return { kept, leftOut };
}

function leftOutBy({ name, loss, reason }: { name: string; loss: Loss; reason: string }, entry: Entry): LeftOut {
  return { rule: name, loss, reason, type: entry.type, object: objectOf(entry), catalogId: entry.catalogId };
}

/** Takes out entries whose objects cannot be without one that is lost; `dependents` are catalogue rows, as `catalog:oid`. */
export function withoutDependents({ kept, leftOut }: Filtered, dependents: ReadonlySet<string>): Filtered {
  const depends = ({ catalogId }: Entry): boolean =>
    catalogId !== null && dependents.has(`${catalogId.catalog}:${catalogId.oid}`);
  const rule = {
    name: 'dependent',
    loss: 'lost' as const,
    reason: 'it cannot be without an object that is left out',
  };
  return {
    kept: kept.filter((entry) => !depends(entry)),
    leftOut: [...leftOut, ...kept.filter(depends).map((entry) => leftOutBy(rule, entry))],
  };
}

/** Types of entries that hold rows, or that rows are made by. */
const WITH_ROWS = ['TABLE', 'SEQUENCE', 'MATERIALIZED VIEW', 'FOREIGN TABLE', 'TABLE ATTACH', 'DEFAULT'];

/** Throws `Blocked` when a table would be lost with something that the target cannot have. */
export function refuseLostTables(leftOut: readonly LeftOut[]): void {
  const lost = leftOut.filter(({ loss, type }) => loss === 'lost' && WITH_ROWS.includes(type));
  const [first] = lost;
  if (first === undefined) return;
  const causes = leftOut.filter(({ loss, rule }) => loss === 'lost' && rule !== 'dependent');
  const named = causes.slice(0, 5).map(({ type, object, rule }) => `${type.toLowerCase()} ${object} (${rule})`);
  throw new Blocked(
    `${lost.length} tables cannot be made on the target, ${first.object} first: they depend on ${named.join(', ')}, ` +
      'change them on the source so that they do without',
  );
}
