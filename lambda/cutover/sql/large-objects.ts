/** Statements about large objects: nobody but a superuser reads `pg_largeobject` itself, so that all goes by their functions. */
import type { Statement } from '../../platform/postgres';
import { ident } from '../../platform/quote';

/** Bytes that a server holds of one object at a time. */
const PIECE_BYTES = 8 * 2 ** 20;

/** Objects whose numbers lie this close together are first compared as one. */
const BUCKET = 4_096;

/**
 * Every object with owner, access list and a hash of its content. An object is read in pieces of 8 MiB, because a value ends at
 * 1 GiB and an object at 4 TiB; an access list that was never set is the default one.
 */
const STATES = `with recursive piece as (
    select m.oid, 0::bigint as at, sha256(b.bytes) as hash, length(b.bytes) as bytes
    from pg_largeobject_metadata m cross join lateral (select lo_get(m.oid, 0, ${PIECE_BYTES}) as bytes offset 0) b
    where ($1::oid[] is null or m.oid = any($1)) and ($2::bigint[] is null or m.oid::bigint / ${BUCKET} = any($2))
    union all
    select p.oid, p.at + ${PIECE_BYTES}, sha256(b.bytes), length(b.bytes)
    from piece p cross join lateral (select lo_get(p.oid, p.at + ${PIECE_BYTES}, ${PIECE_BYTES}) as bytes offset 0) b
    where p.bytes = ${PIECE_BYTES}),
  content as (select oid, encode(sha256(string_agg(hash, ''::bytea order by at)), 'hex') as hash, sum(bytes) as bytes
    from piece group by oid),
  state as (select c.oid, c.hash, c.bytes, pg_get_userbyid(m.lomowner)::text as owner,
      (select coalesce(string_agg(item::text, ',' order by item::text), '')
        from unnest(coalesce(m.lomacl, acldefault('L', m.lomowner))) as item) as acl
    from content c join pg_largeobject_metadata m on m.oid = c.oid)`;

/** Objects of neighbouring numbers as one. */
export interface Bucket {
  readonly bucket: string;
  readonly objects: number;
  readonly digest: string;
}

/** All objects, by buckets: few rows however many objects there are. */
export const bucketDigests: Statement = {
  text: `${STATES}
    select (oid::bigint / ${BUCKET})::text as bucket, count(*)::int as objects,
      sum(hashtextextended(concat_ws(' ', oid, hash, owner, acl), 0))::text as digest
    from state group by 1`,
  values: [null, null],
};

/** One object. */
export interface ObjectState {
  readonly oid: string;
  /** Of content, owner and access list together. */
  readonly digest: string;
  readonly bytes: string;
  readonly owner: string;
}

/** Every object of some buckets. */
export function objectsOf(buckets: readonly string[]): Statement {
  return { ...EACH, values: [null, buckets] };
}

/** The objects named, those that exist. */
export function theseObjects(oids: readonly string[]): Statement {
  return { ...EACH, values: [oids, null] };
}

const EACH: Statement = {
  text: `${STATES} select oid::text as oid, concat_ws(' ', hash, owner, acl) as digest, bytes::text as bytes, owner from state`,
};

/** Owners of objects that the current user may not act as. */
export const ownersOfClosedObjects: Statement = {
  text: `select distinct pg_get_userbyid(m.lomowner)::text as owner from pg_largeobject_metadata m
    where not pg_has_role(current_user, m.lomowner, 'usage') order by 1`,
};

/** Objects that the current user may not read although it may act as their owner: the owner took its own right. */
export const unreadableObjects: Statement = {
  text: `select m.oid::text as oid, pg_get_userbyid(m.lomowner)::text as owner from pg_largeobject_metadata m
    where m.lomacl is not null and not exists (select from aclexplode(m.lomacl) g
      where g.privilege_type = 'SELECT' and (g.grantee = 0 or pg_has_role(current_user, g.grantee, 'usage')))
    order by m.oid limit 100`,
};

/** Owners of all objects. */
export const owners: Statement = {
  text: `select distinct pg_get_userbyid(m.lomowner)::text as owner from pg_largeobject_metadata m order by 1`,
};

/** A piece of an object; shorter than `bytes` at its end. */
export function readPiece(oid: string, at: number, bytes: number): Statement {
  return { text: 'select lo_get($1::oid, $2, $3) as piece', values: [oid, at, bytes] };
}

/** Takes the objects away, those that exist. */
export function unlinkObjects(oids: readonly string[]): Statement {
  return {
    text: `select lo_unlink(m.oid) from pg_largeobject_metadata m where m.oid = any($1::oid[])`,
    values: [oids],
  };
}

/** Makes an empty object of that number. */
export function createObject(oid: string): Statement {
  return { text: 'select lo_create($1::oid)', values: [oid] };
}

/** Writes a piece of an object. */
export function writePiece(oid: string, at: number, piece: Buffer): Statement {
  return { text: 'select lo_put($1::oid, $2, $3)', values: [oid, at, piece] };
}

/** A privilege of an access list that was set; no row for one that never was. */
export interface ObjectGrant {
  /** Null for PUBLIC. */
  readonly grantee: string | null;
  readonly privilege: string;
  readonly grantable: boolean;
}

/** Privileges of an object, as far as somebody ever set them. */
export function objectGrants(oid: string): Statement {
  return {
    text: `select case g.grantee when 0 then null else pg_get_userbyid(g.grantee)::text end as grantee,
        lower(g.privilege_type) as privilege, g.is_grantable as grantable
      from pg_largeobject_metadata m cross join lateral aclexplode(m.lomacl) g
      where m.oid = $1::oid`,
    values: [oid],
  };
}

/** Gives an object to its owner. */
export function setOwner(oid: string, owner: string): Statement {
  return { text: `alter large object ${Number(oid)} owner to ${ident(owner)}` };
}

/** Takes the owner's own privileges, which a new object has by default. */
export function revokeFromOwner(oid: string, owner: string): Statement {
  return { text: `revoke all on large object ${Number(oid)} from ${ident(owner)}` };
}

/** Grants one privilege on an object. */
export function grantOnObject(oid: string, { grantee, privilege, grantable }: ObjectGrant): Statement {
  const to = grantee === null ? 'public' : ident(grantee);
  const verb = privilege === 'update' ? 'update' : 'select';
  return { text: `grant ${verb} on large object ${Number(oid)} to ${to}${grantable ? ' with grant option' : ''}` };
}
