/**
 * What is away from the target while DMS applies, and comes back before the flip: foreign keys that were removed, triggers and rules that
 * were switched off, identities that take values meanwhile. It is no difference as long as the ledger keeps how it comes back.
 */
import { ledgerExists } from '../platform/ledger-sql';
import { LEDGER_SCHEMA } from '../platform/names';
import type { Session, Statement } from '../platform/postgres';
import type { CatalogFact, Difference } from './compare-facts';
import { nameOf } from './compare-facts';

/** Names of facts of the catalogue that are away, by the undo rows of `prepareTarget`. */
const away: Statement = {
  text: `select case kind when 'dms trigger' then 'trigger' when 'dms rule' then 'rule'
        when 'dms identity' then 'column' else 'constraint' end as kind,
      coalesce(prior ->> 'fact', object) as object
    from ${LEDGER_SCHEMA}.undo where kind in ('dms trigger', 'dms rule', 'dms identity', 'dms foreign key', 'dms foreign key unchecked')`,
};

/** What is away from the session's database, as facts are named; empty where nothing was prepared. */
export async function readAway(target: Session): Promise<ReadonlySet<string>> {
  const { present } = await target.one<{ present: boolean }>(ledgerExists);
  if (!present) return new Set();
  return new Set((await target.query<Pick<CatalogFact, 'kind' | 'object'>>(away)).map(nameOf));
}

/** Those of `differences` that are none of what is away; what the target has more is always one. */
export function notAway(differences: readonly Difference[], names: ReadonlySet<string>): Difference[] {
  return differences.filter((difference) => difference.how === 'extra' || !names.has(nameOf(difference)));
}
