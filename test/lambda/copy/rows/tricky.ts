/** Tables of the types and values that copies are known to break, alike for every major from 15 on. */

/** Defined on both sides, as the schema's `pre-data` would be, with the keys that the tests need. */
export const TRICKY_SCHEMA = `
  create extension hstore;
  create type mood as enum ('sad', 'it''s, "ok"', 'happy');
  create domain feeling as mood check (value <> 'sad');
  create domain amount as numeric(12, 2) check (value > -1e9);
  create domain small_amount as amount;
  create type place as (x double precision, name text);
  create type nested as (inside place, many place[], mood mood);
  create type odd_range as range (subtype = text);
  create table tricky_times (id int primary key, d date, t timestamp, tz timestamptz, clock timetz, i interval, r tstzrange);
  create table tricky_numbers (id int primary key, n numeric, f4 real, f8 double precision, m money, b bigint, s smallint,
    a amount, sa small_amount, o oid, l pg_lsn);
  create table tricky_texts (id int primary key, body text, short varchar(10), padded char(5), one "char", named name,
    path ltree_like, words tsvector, search tsquery, j json, jb jsonb, x xml);
  create table tricky_bytes (id int primary key, body bytea, bits bit(5), more bit varying, u uuid, net inet, c cidr, mac macaddr8);
  create table tricky_lists (id int primary key, empty int[], texts text[], moods mood[], cube int[][], places place[],
    shifted int[], ranges int4multirange, r numrange, odd odd_range, feelings feeling[]);
  create table tricky_composites (id int primary key, n nested, f feeling, h hstore, ref regclass, role regrole, p point, b box);
  create table tricky_generated (id int generated always as identity primary key, a int, b int generated always as (a * 2) stored,
    "Odd ""column"", with; marks" text);
  create table tricky_shapes (id int primary key, l line, s lseg, p path, y polygon, c circle, m macaddr, i int2vector, o oidvector,
    t tid, x xid8, ps pg_snapshot, jp jsonpath, many timestamptz[], bits bit(3)[], days daterange, money money[]);
  create table tricky_columnless ();
  create table tricky_wide (id int primary key, body text, raw bytea);
  create table tricky_codes (point int primary key, body text);
`.replace('ltree_like', 'text');

/** The rows, on the source. */
export const TRICKY_ROWS = `
  insert into tricky_times values
    (1, 'infinity', '-infinity', 'infinity', '23:59:59.999999+14', 'P1Y2M3DT4H5M6.789S', '[-infinity,infinity)'),
    (2, '0044-03-15 BC', '4713-01-01 00:00 BC', '4713-01-01 00:00+00 BC', '00:00:00-12', '-178000000 years', 'empty'),
    (3, '5874897-12-31', '294276-12-31 23:59:59.999999', '294276-12-31 23:59:59.999999+00', '24:00:00', '1 mon -1 day 00:00:00.000001', '(,2020-01-01)'),
    (4, null, null, null, null, null, null);
  insert into tricky_numbers values
    (1, 'NaN', 'NaN', 'NaN', '-92233720368547758.08', -9223372036854775808, -32768, 999999999.99, 0.01, 4294967295, 'FFFFFFFF/FFFFFFFF'),
    (2, 'Infinity', 'Infinity', '-Infinity', '92233720368547758.07', 9223372036854775807, 32767, -0.01, null, 0, '0/0'),
    (3, ('1' || repeat('0', 5000) || '.' || repeat('7', 3000))::numeric, '-0', '-0', 0, 0, 0, null, null, null, null),
    (4, 0.000000000000000000000000000000000000001, 1.17549435e-38, 4.9406564584124654e-324, '$1.005', 1, 1, 1, 1, 1, '1/1'),
    (5, -0.10, 0.1::real, 0.1::double precision, '1', 1, 1, 1.10, 1.10, 1, '0/1');
  insert into tricky_texts (id, body, short, padded, one, named, words, search, j, jb, x) values
    (1, E'\\\\.', '\\N', 'a', 'x', 'n', 'a:1A fat:2B,4C cat:5', 'fat & (rat | !cat)', '{"a" :  1, "a": 2}', '{"a": 1e400}', '<a>b</a>'),
    (2, E'tab\\tnew\\nline\\rback\\\\slash\\b\\f\\v', '', '', '', '', '', '', '[]', '"\\u00e9"', 'just text &amp; no'),
    (3, '', E'\\\\', null, null, null, null, null, 'null', 'null', '<?xml version="1.0" encoding="UTF-8"?><d/>'),
    (4, repeat('long ', 100000), 'é€😀', 'é', null, null, null, null, null, null, null);
  insert into tricky_bytes values
    (1, '', b'00000', b'', '00000000-0000-0000-0000-000000000000', '::1/64', '10.0.0.0/8', '00:00:00:00:00:00:00:00'),
    (2, (select string_agg(set_byte('\\x00', 0, n), '') from generate_series(0, 255) n), b'10101', b'1101', gen_random_uuid(),
      '192.168.0.1/24', '::/0', 'ff:ff:ff:ff:ff:ff:ff:ff'),
    (3, decode(repeat('5c2e0a00', 200000), 'hex'), null, null, null, null, null, null);
  insert into tricky_lists values
    (1, '{}', '{"",NULL,"NULL","a,b","{}","\\"","\\\\"}', '{sad,"it''s, \\"ok\\"",NULL}', '{{1,2},{3,4}}', array[row(1, 'a,b')::place, null],
      '[5:7]={1,2,3}', '{[1,3),[5,9)}', '(,1.50]', '["",z)', '{happy}'),
    (2, null, '{}', '{}', '{}', '{}', '{}', '{}', 'empty', 'empty', '{}');
  insert into tricky_composites values
    (1, row(row('NaN', 'quote " and \\ and ,')::place, array[row(null, null)::place, row('-Infinity', '')::place], 'happy')::nested,
      'happy', 'a=>1, "b c"=>NULL, ""=>"\\""', 'tricky_times', current_user::regrole, '(NaN,-Infinity)', '((1,2),(3,4))'),
    (2, row(null, null, null)::nested, null, '', null, null, null, null);
  insert into tricky_generated (a, "Odd ""column"", with; marks") values (1, 'x'), (2147483647 / 2, null);
  insert into tricky_shapes values
    (1, '{1,-1,0}', '[(1,2),(3,4)]', '[(0,0),(1,1),(2,0)]', '((0,0),(1,1),(2,0))', '<(1,2),3>', '08:00:2b:01:02:03', '1 2 3', '23 25',
      '(4294967295,65535)', '18446744073709551615', '10:20:10,14,15', 'strict $."a b"[*] ? (@.x starts with "é" && !exists(@.y))',
      '{infinity,-infinity,"0044-03-15 00:00+00 BC",NULL}', '{101,NULL,000}', '(-infinity,infinity]', '{$1.00,-$2.50}'),
    (2, '{0,-1,0}', '[(NaN,0),(0,Infinity)]', '((1,1))', '((NaN,NaN))', '<(Infinity,-Infinity),0>', 'ff:ff:ff:ff:ff:ff', '', '', '(0,0)',
      '0', '1:1:', '$', '{}', '{}', 'empty', '{}');
  insert into tricky_columnless select from generate_series(1, 5);
  insert into tricky_wide select n, (select string_agg(md5((n * g)::text), '') from generate_series(1, 200) g),
    decode(repeat(md5(n::text), 100), 'hex') from generate_series(1, 300) n;
  insert into tricky_codes select n / 64, string_agg(chr(n), '' order by n) from generate_series(1, 1114111) n
    where n not between 55296 and 57343 group by 1;
`;
