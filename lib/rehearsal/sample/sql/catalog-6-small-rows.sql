-- Rows that do not grow with the size: the odd names and every odd value of every odd type.
insert into "Odd Names"."Mixed Case" ("$1", "%I", "%s %% {}", "quo""te", "it's", "select", " blank ", "back\slash",
                                      "semi;colon--comment/*", "line
break", "größe", "列")
select '$1 ' || i, '%I %L %s', i, '"', '''', i % 2 = 0, ' ', '\', '; -- /* */', E'\n', i, '値 ' || i
from generate_series(1, 40) i;
insert into "Odd Names"."select" select i, 'from' from generate_series(1, 40) i;
insert into "Odd Names"."user" select i, 'group ' || i % 3, null from generate_series(1, 40) i;
insert into "Odd Names"."Übergröße 日本語 таблица" select i, 'значение ' || i from generate_series(1, 40) i;
insert into "Odd Names"."semi;colon"";drop table x;--" select i, '\.' from generate_series(1, 40) i;
insert into "Odd Names".a_name_of_exactly_sixty_three_bytes_0123456789_0123456789_01234 select i, 'b' from generate_series(1, 40) i;
insert into "Odd Names"."日本語日本語日本語日本語日本語日本語日本語" select i, '日' from generate_series(1, 40) i;
insert into "Odd Names"."typed"
select i, (array['a', 'A', ' ', '''', '"', ''])[1 + i % 6]::"Odd Names"."Enum Type" from generate_series(1, 40) i;

insert into assets.tag select 'code ' || i, case when i % 4 > 0 then 'Title ' || i end, chr(96 + i % 26)::"char" from generate_series(1, 60) i;
insert into assets.note select i, 'kept ' || i from generate_series(1, 20) i;
insert into assets.note_archived select 100 + i, 'archived ' || i, '2020-02-29 00:00:00+00' from generate_series(1, 20) i;
insert into profiling.scratch select i, 'lost with a crash' from generate_series(1, 40) i;

insert into profiling.type_zoo (id) values (1);
insert into profiling.type_zoo (
  id, small, big, exact, scaled, single, double_, money_, text_, fixed, limited, name_, char_, bytes, bool_, date_, time_,
  timetz_, timestamp_, timestamptz_, interval_, uuid_, inet_, cidr_, mac, mac8, bits, varbits, json_, jsonb_, path_,
  point_, box_, polygon_, int_range, numeric_range, time_range, own_range, int_array, text_matrix, enum_array, composite,
  composites, vector, query, oid_, class_, lsn)
values
  (2, -32768, -9223372036854775808, 'NaN', -99999999.9999, 'NaN', '-Infinity', '-92233720368547758.08', '', '', '', '', '', '',
   false, '-infinity', '00:00', '00:00+15:59', '-infinity', '-infinity', '-178000000 years', '00000000-0000-0000-0000-000000000000',
   '0.0.0.0/0', '::/0', '00:00:00:00:00:00', '00:00:00:00:00:00:00:00', B'000000000', B'', 'null', 'null', '$', '(0,0)', '(0,0),(0,0)',
   '((0,0))', 'empty', 'empty', '(,)', 'empty', '{}', '{}', '{}', '(,)', '{}', '', 'a', 0, 'pg_catalog.pg_class', '0/0'),
  (3, 32767, 9223372036854775807, 123456789012345678901234567890.123456789012345678901234567890, 99999999.9999, 'Infinity',
   '-0', '92233720368547758.07', E'all \x01\t\r\n\\ "quotes" ''x'' 日本語 \U0001F418', 'ab   ', 'äöüäöüäöüä', 'name', 'z', '\x00ff5c27220a',
   true, '0044-03-15 BC', '24:00', '24:00-15:59', '4713-01-01 00:00:00 BC', '0001-12-31 23:59:59.999999+00 BC',
   '1 year -2 mons 3 days -04:05:06.789', 'ffffffff-ffff-ffff-ffff-ffffffffffff', '2001:db8::1/64', '10.0.0.0/8',
   'ff:ff:ff:ff:ff:ff', 'ff:ff:ff:ff:ff:ff:ff:ff', B'111111111', B'101', '{"b": 1, "a": [1.0, 1.00], "b": 2}', '{"b": 1.00, "a": "\u00e9\ud83d\udc18", "": null}',
   '$.a[*] ? (@ > 1)', '(1e300,-1e-300)', '(1,1),(0,0)', '((0,0),(1,1),(1,0))', '[-5,5)', '[1.0,1.00]', '[-infinity,infinity]',
   '["a","z""")', '{{1,NULL},{3,4}}', '[0:1][-1:0]={{a,NULL},{"NULL","\\"}}', '{"it''s odd",NULL,view}', '(1.50,"with ""quotes"", comma")',
   '{"(1,a)",NULL,"(,)"}', '''fat'':2A ''rat'' ''quo''''te'':1', '''fat'' & (''rat'' | !''cat'':*)', 4294967295, 'pg_catalog.pg_type', 'FFFFFFFF/FFFFFFFF'),
  (4, 0, 0, 0.000, 0, 1.17549435e-38, 4.9e-324, 0, E' leading and trailing ', 'x', 'NULL', '"', '\', '\\', null, 'infinity', '12:34:56.789012',
   '12:34:56.789012+05:30', 'infinity', 'infinity', '0', '01234567-89ab-cdef-0123-456789abcdef', '192.168.0.1', '192.168.0.1/32',
   '08:00:2b:01:02:03', '08:00:2b:01:02:03:04:05', B'010101010', B'0', '[]', '[]', 'strict $', '(NaN,Infinity)', '(2,2),(1,1)', '((1,2),(3,4),(5,6))',
   '(,)', '(,0]', 'empty', '(,)', '{2147483647,-2147483648}', '{{"",NULL}}', '{table}', '(NaN,)', '{}', '''a'':1,16383', '''a'' <-> ''b''', 1,
   'pg_catalog.pg_proc', '16/B374D848');

do $$
begin
  if current_setting('server_version_num')::integer >= 140000 then
    update profiling.type_zoo set exact = '-Infinity' where id = 4;
    update profiling.type_zoo
    set dates = '{[2020-01-01,2020-02-01),[2021-01-01,infinity)}', numbers = '{(,1.0],[2.50,3)}' where id = 3;
    update profiling.type_zoo set dates = '{}', numbers = '{(,)}' where id = 2;
  end if;
end
$$;

update assets.data_source set default_asset_id = id where id <= 30;
select pg_catalog.setval('assets.countdown', -41), pg_catalog.setval('assets.shift', 6), pg_catalog.setval('assets.cached_number', 12345),
       pg_catalog.setval('assets."Stride 10"', 105, false);
