/**
 * Differences that were told before a copy was made: what the target cannot have, such as an event trigger or a publication. They are
 * kept with the target's ledger; everything else that differs is a difference.
 */
import * as z from 'zod';
import { ledgerExists } from '../platform/ledger-sql';
import { LEDGER_SCHEMA } from '../platform/names';
import type { Session, Statement } from '../platform/postgres';
import type { Difference } from './compare-facts';

const leftOut = z.object({
  /** pg_dump's word for the kind of object, such as `VIEW`. */
  type: z.string(),
  /** The object with its schema, without quotation marks. */
  object: z.string(),
  /** `lost`: it is missing on the target; what is `done otherwise` shows for extensions only, by their version. */
  loss: z.enum(['nothing', 'done otherwise', 'lost']),
});

/** What the plan of a copy says of an object that the target does not have, or not as the source has it. */
export type LeftOutObject = z.infer<typeof leftOut>;

/** What the ledger of this database keeps of what was left out of its schema, and of its roles. */
const told: Statement = {
  text: `select kept.told from ${LEDGER_SCHEMA}.migration
    cross join lateral (values (facts -> 'schemaLeftOut'), (facts -> 'rolesLeftOut')) as kept(told) where kept.told is not null`,
};

/** Relations, whose columns, rules, triggers and constraints are lost with them. */
const RELATIONS = ['TABLE', 'VIEW', 'MATERIALIZED VIEW', 'FOREIGN TABLE', 'SEQUENCE'];

/** What was told of a database, as its ledger keeps it; empty where it was not copied. */
export async function readTold(session: Session): Promise<LeftOutObject[]> {
  const { present } = await session.one<{ present: boolean }>(ledgerExists);
  if (!present) return [];
  const rows = await session.query<{ told: unknown }>(told);
  return rows.flatMap((row) => z.array(leftOut).catch([]).parse(row.told));
}

/** Those of `differences` that nothing told explains; pure. */
export function untold(differences: readonly Difference[], objects: readonly LeftOutObject[]): Difference[] {
  return differences.filter((difference) => !objects.some((one) => explains(one, difference)));
}

function explains({ type, object, loss }: LeftOutObject, { kind, how, object: found }: Difference): boolean {
  const name = found.replaceAll('"', '');
  const lost = object.replaceAll('"', '');
  if (type === 'EXTENSION') return kind === 'extension' && name === lost;
  if (type === 'ROLE')
    return (kind === 'role' && name === lost) || (kind === 'setting' && lost.includes(` of ${name.split(' ').at(-1)}`));
  // A lost object is missing, or there is more on the other side once the sides are turned round.
  if (loss !== 'lost' || how === 'otherwise' || lost === '') return false;
  if (type === 'CAST') return kind === 'cast' && `CAST (${name})`.toLowerCase() === lost.toLowerCase();
  if (kind === 'comment') return name.endsWith(` ${lost}`);
  if (name === lost || name.startsWith(`${lost}(`) || name.startsWith(`${lost} using `)) return true;
  return RELATIONS.includes(type) && (name.startsWith(`${lost}.`) || name.endsWith(` on ${lost}`));
}
