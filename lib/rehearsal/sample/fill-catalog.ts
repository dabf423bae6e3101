import { type Fill, fixed, growing, noise, scrawl } from './fill';
import type { Scale } from './sizes';

const ASSETS = 40_000;

/** Rows of the database `catalog`, in the order of their tables' references. */
export const CATALOG_FILLS: readonly Fill[] = [
  {
    table: 'assets.data_source',
    rows: fixed(40),
    batchRows: 40,
    text: `
      insert into assets.data_source (name, kind, connection, owner, tags, created_at)
      select 'source ' || i, (array['database', 'file', 'it''s odd'])[1 + i % 3]::assets.asset_kind,
             jsonb_build_object('host', 'db' || i || '.example', 'port', 5432 + i, 'options', jsonb_build_array(i, null, '\\"quoted"')),
             'team' || i % 7 || '@example.org',
             case i % 4 when 0 then '{}' else array['tag ' || i, '', 'NULL', null, E'new\\nline', '{brace}', 'über'] end,
             $3::timestamptz - i * interval '11 days'
      from generate_series($1::bigint, $2::bigint) i where $4::bigint > 0`,
  },
  {
    table: 'assets.asset',
    rows: growing(ASSETS),
    batchRows: 10_000,
    text: `
      insert into assets.asset (id, data_source_id, parent_id, kind, name, description, properties, labels, valid,
                                completeness, size, usage_count, created_at, updated_at)
      select i, 1 + i % 40, case when i > 10 then i / 10 end,
             (array['schema', 'table', 'table', 'view', 'report'])[1 + i % 5]::assets.asset_kind,
             case i % 9 when 0 then 'Ünïcode ' when 1 then 'Table ' else 'asset ' end || i,
             case when i % 3 > 0 then 'The rows of ' || md5(i::text) || ' were loaded by the nightly job number ' || i % 97 end,
             jsonb_build_object('owner', 'team ' || i % 23, 'rows', i * 37, 'fresh', i % 2 = 0, 'path', array[i % 5, i % 7]),
             case i % 5 when 0 then null when 1 then '{}' else array['label ' || i % 31, 'x'] end,
             daterange(($3::timestamptz at time zone 'UTC')::date - (i % 900)::integer, case when i % 2 = 0 then ($3::timestamptz at time zone 'UTC')::date end),
             (i % 10001) / 100.0, row(i / 7.0, case i % 3 when 0 then 'rows' when 1 then null else '' end)::assets.quantity,
             i % 1000, $3::timestamptz - i % 700 * interval '1 day', $3::timestamptz - i % 90 * interval '1 hour'
      from generate_series($1::bigint, $2::bigint) i where $4::bigint > 0`,
  },
  {
    table: 'assets.asset_column',
    rows: growing(80_000),
    batchRows: 20_000,
    text: `
      insert into assets.asset_column (id, asset_id, "position", name, type_name, nullable, numbers, flags, code)
      select i, 1 + (i - 1) / 2, (i - 1) % 2, 'column ' || md5(i::text), (array['text', 'int8', 'numeric'])[1 + i % 3],
             case i % 3 when 0 then true when 1 then false end,
             case i % 4 when 0 then '[-1:1]={1,2,NULL}'::integer[] else array[i, i % 7] end::integer[],
             (i % 16)::integer::bit(4)::bit varying, 'c' || i % 1000
      from generate_series($1::bigint, $2::bigint) i where $3::timestamptz is not null and $4::bigint > 0`,
  },
  {
    table: 'assets.asset_history',
    rows: growing(14_000),
    batchRows: 20_000,
    text: `
      insert into assets.asset_history (asset_id, operation, changed_at, was)
      select 1 + i % 40, 'UPDATE', $3::timestamptz - (i / 2) * interval '7 minutes', '{"name": "was", "revision": 1}'
      from generate_series($1::bigint, $2::bigint) i where $4::bigint > 0`,
  },
  {
    table: 'assets.rating',
    rows: growing(7_000),
    batchRows: 10_000,
    text: `
      insert into assets.rating (asset_id, rater, stars)
      select 1 + i % 40, 'rater ' || i, 1 + i % 5
      from generate_series($1::bigint, $2::bigint) i where $3::timestamptz is not null and $4::bigint > 0`,
  },
  {
    table: 'assets.annotation',
    rows: growing(3_500),
    batchRows: 5_000,
    text: `
      insert into assets.annotation (asset_id, body, body_key, written_at)
      select 1 + i % 40, '  Note ' || i || E'\\twith\\\\backslash ', 'note ' || i || E'\\twith\\\\backslash', $3::timestamptz - i * interval '3 hours'
      from generate_series($1::bigint, $2::bigint) i where $4::bigint > 0`,
  },
  {
    table: 'assets.reservation',
    rows: growing(1_000),
    batchRows: 1_000,
    text: `
      insert into assets.reservation (id, room, during, holder)
      select md5('reservation ' || i)::uuid, 'room ' || i % 10,
             tstzrange($3::timestamptz + i * interval '1 hour', $3::timestamptz + i * interval '1 hour' + interval '30 minutes'), 'a@example.org'
      from generate_series($1::bigint, $2::bigint) i where $4::bigint > 0`,
  },
  {
    table: 'profiling.profile',
    rows: growing(3_000),
    batchRows: 500,
    text: `
      insert into profiling.profile (id, asset_id, profiled_at, row_count, histogram, sample, statistics)
      select i, 1 + i % 40, $3::timestamptz - (($4::bigint - i)::double precision / $4::bigint) * interval '270 days', i * 1000,
             array[i / 3.0, 'NaN', 'Infinity', '-0', 1e-300]::double precision[],
             case when i % 50 = 0 then null else ${scrawl("'profile ' || i", '(64 + i % 128)::integer')} end,
             jsonb_build_object('distinct', i % 999, 'most_common', (select jsonb_agg(md5(i || ':' || n)) from generate_series(1, 40) n))
      from generate_series($1::bigint, $2::bigint) i`,
  },
  {
    table: 'profiling.value_sample',
    rows: growing(6_000),
    batchRows: 2_000,
    text: `
      insert into profiling.value_sample (asset_id, number, value, digest, state)
      select 1 + i % 40, i, case i % 3 when 0 then repeat('compressible ', 400) when 1 then '' else ${scrawl("'value ' || i", '60')} end,
             sha256(convert_to(i::text, 'UTF8')), (array['new', 'seen', 'kept'])[1 + i % 3]
      from generate_series($1::bigint, $2::bigint) i where $3::timestamptz is not null and $4::bigint > 0`,
  },
  {
    table: 'profiling.blob',
    rows: (scale) => Math.max(12, Math.round(110 * scale.factor)),
    batchRows: 20,
    text: `
      insert into profiling.blob (id, media_type, content, stored_at)
      select md5('blob ' || i)::uuid, (array['image/png', 'application/pdf', ''])[1 + i % 3],
             case i % 20 when 0 then ''::bytea else ${noise("'blob ' || i", '(4 + 8 * (i % 20))')} end, $3::timestamptz - i * interval '1 day'
      from generate_series($1::bigint, $2::bigint) i where $4::bigint > 0`,
  },
  {
    table: 'vault.credential',
    rows: growing(2_000),
    batchRows: 2_000,
    text: `
      insert into vault.credential (tenant, label, login, secret, expires_at, restricted, attributes)
      select 'tenant ' || i % 5, 'Credential ' || i, case when i % 4 > 0 then 'login' || i end,
             sha256(convert_to('secret ' || i, 'UTF8')),
             case i % 5 when 0 then 'infinity' when 1 then null else $3::timestamptz + (i % 400) * interval '1 day' end,
             i % 2 = 0, jsonb_build_object('rotated', i % 3)
      from generate_series($1::bigint, $2::bigint) i where $4::bigint > 0`,
  },
];

/** The one row whose size is the largest that the scale allows; `$1` is its size in KiB, `$2` the reference moment. */
export const LARGEST_BLOB = `
  insert into profiling.blob (id, media_type, content, stored_at)
  select md5('largest blob')::uuid, 'application/octet-stream', ${noise("'largest blob'", '$1::integer')}, $2::timestamptz`;

/** Number of assets at a scale, for the values that sequences continue from. */
export function assetRows(scale: Scale): number {
  return growing(ASSETS)(scale);
}
