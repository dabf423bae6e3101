/**
 * What a database's catalogue says, as facts that compare by text, on equal majors and on different ones. Object ids never appear:
 * they differ between the sides once something is made. Left out: the ledger, our own roles, RDS's own schema of tools, and
 * `rolcanlogin`, which the fence and the adoption change on purpose.
 */
import type { Statement } from '../platform/postgres';
import { factsOfOthers } from './catalog-others-sql';
import { factsOfRelations } from './catalog-relations-sql';
import { type CatalogForm, WITH_SYSTEM } from './catalog-words-sql';

function partsOf(form: CatalogForm): string {
  return [...factsOfRelations(form), ...factsOfOthers(form)]
    .map(
      (part) => `select kind::text, object::text, definition::text, reading::text, relation::text, text::text
        from (${part}) as fact(kind, object, definition, reading, relation, text)`,
    )
    .join('\nunion all\n');
}

/** Everything that the catalogue of the current database says; a list keeps its places where a value is null. */
export function catalogFacts(form: CatalogForm): Statement {
  return {
    text: `with ${WITH_SYSTEM}
      select kind, object, definition, md5(text) as text from (${partsOf(form)}) as facts`,
  };
}

/** The texts of some facts, each named `kind object`, and how they can be read again. */
export function catalogTexts(form: CatalogForm, names: readonly string[]): Statement {
  return {
    text: `with ${WITH_SYSTEM}
      select kind || ' ' || object as name, reading, relation, text from (${partsOf(form)}) as facts
      where kind || ' ' || object = any($1) and text is not null`,
    values: [names],
  };
}
