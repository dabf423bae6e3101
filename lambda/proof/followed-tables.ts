/**
 * Tables whose changes do not follow, although both catalogues agree: one that was made later on both sides by hand is in no
 * publication, and one that the subscription was not told of is skipped by apply without a word (facts B5, fault 40).
 */
import { followsByPglogical } from '../platform/engines/pglogical-slots';
import { ledgerExists } from '../platform/ledger-sql';
import { LEDGER_SCHEMA } from '../platform/names';
import type { Session, Statement } from '../platform/postgres';

/** Permanent tables that hold rows of users; those of extensions are published only when their owner was at hand. */
const USER_TABLES = `pg_class c join pg_namespace n on n.oid = c.relnamespace
  where c.relkind = 'r' and c.relpersistence = 'p'
    and n.nspname not in ('pg_catalog', 'information_schema', 'sealift')
    and n.nspname not like 'pg\\_toast%' and n.nspname not like 'pg\\_temp%'
    and not exists (select from pg_depend d
      where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')`;

/** A leaf is published by its root as well; `pg_publication_tables` knows. */
const unpublished: Statement = {
  text: `select format('%I.%I', n.nspname, c.relname) as "table" from ${USER_TABLES}
      and not exists (select from pg_publication_tables p
        where p.schemaname = n.nspname and p.tablename = c.relname and starts_with(p.pubname, 'sealift_'))
    order by 1`,
};

const unsubscribed: Statement = {
  text: `select format('%I.%I', n.nspname, c.relname) as "table" from ${USER_TABLES}
      and not exists (select from pg_subscription_rel r join pg_subscription s on s.oid = r.srsubid
        where r.srrelid = c.oid and r.srsubstate = 'r' and starts_with(s.subname, 'sealift_'))
    order by 1`,
};

/** The same of a source that is followed by sets of pglogical. */
const inNoSet: Statement = {
  text: `select format('%I.%I', n.nspname, c.relname) as "table" from ${USER_TABLES}
      and not exists (select from pglogical.replication_set_table t join pglogical.replication_set s on s.set_id = t.set_id
        where t.set_reloid = c.oid and starts_with(s.set_name::text, 'sealift_'))
    order by 1`,
};

/** A task of DMS was given the tables of the publication, each by its name. */
const followsByTask: Statement = {
  text: `select exists (select from ${LEDGER_SCHEMA}.migration where facts -> 'dms' is not null and facts -> 'dms' <> 'null') as so`,
};

/** Tables of one database whose rows do not follow, each as `schema.name` quoted where it must be. */
export interface NotFollowed {
  readonly unpublished: readonly string[];
  /** Published, or a partition of what is, and unknown to the subscription. */
  readonly unsubscribed: readonly string[];
}

/** Tables whose rows do not follow; both lists are empty when every table of the source does. */
export async function tablesNotFollowed(source: Session<'source'>, target: Session<'target'>): Promise<NotFollowed> {
  const [left, right] = await Promise.all([source.query<{ table: string }>(unpublished), notTaken(source, target)]);
  const missing = new Set(left.map(({ table }) => table));
  return {
    unpublished: [...missing],
    unsubscribed: right.map(({ table }) => table).filter((table) => !missing.has(table)),
  };
}

/** What is offered, and the follower does not take. */
async function notTaken(source: Session<'source'>, target: Session<'target'>): Promise<{ table: string }[]> {
  const { present } = await target.one<{ present: boolean }>(ledgerExists);
  if (present && (await target.one<{ so: boolean }>(followsByTask)).so) return [];
  return (await followsByPglogical(target)) ? source.query(inNoSet) : target.query(unsubscribed);
}

/** The same in words. */
export function notFollowedInWords({ unpublished: left, unsubscribed: right }: NotFollowed): string[] {
  return [
    ...left.map((table) => `table ${table} is not published, so its rows do not follow`),
    ...right.map((table) => `table ${table} is not followed by the subscription`),
  ];
}
