/** Which objects of a database are its users': words of statements that read a catalogue. */

/** Schemas that are compared, as `n`. */
export const USER_NAMESPACE = `n.nspname not in ('pg_catalog', 'information_schema', 'sealift', 'rds_tools', 'pglogical')
  and n.nspname not like 'pg\\_toast%' and n.nspname not like 'pg\\_temp%'`;

/** `pg_depend` with deptype `e` marks members of extensions: they are told by their extension's version. */
export function notOfExtension(catalog: string, oid: string): string {
  return `not exists (select from pg_depend d where d.classid = '${catalog}'::regclass and d.objid = ${oid}
    and d.deptype = 'e')`;
}
