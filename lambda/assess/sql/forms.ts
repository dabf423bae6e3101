/** What `assess` reads of the columns whose text depends on the major. */
import type { Statement } from '../../platform/postgres';
import { USER_SCHEMA } from './tables';

/** Columns of tables whose type is, through a domain or an array, `"char"` or jsonpath; `type` is its name in `pg_type`. */
export const rewrittenColumns: Statement = {
  text: `select n.nspname::text as schema, c.relname::text as name, a.attname::text as column, part.typname::text as type,
      base.typcategory = 'A' as array
    from pg_attribute a
    join pg_class c on c.oid = a.attrelid join pg_namespace n on n.oid = c.relnamespace
    join pg_type y on y.oid = a.atttypid
    join pg_type base on base.oid = case when y.typtype = 'd' then y.typbasetype else y.oid end
    join pg_type part on part.oid = case when base.typcategory = 'A' then base.typelem else base.oid end
    where c.relkind = 'r' and a.attnum > 0 and not a.attisdropped and ${USER_SCHEMA}
      and part.typnamespace = 'pg_catalog'::regnamespace and part.typname in ('char', 'jsonpath')
    order by 1, 2, 3`,
};
