-- Profiles: range and hash partitions, TOASTed values of every storage kind, blobs, an unlogged table, every odd type.
create table profiling.profile (
  id bigint not null,
  asset_id bigint not null,
  profiled_at timestamptz not null,
  row_count bigint,
  histogram double precision[],
  sample text,
  statistics jsonb,
  primary key (id, profiled_at)
) partition by range (profiled_at);
alter table profiling.profile alter column sample set storage external;

create table profiling.value_sample (
  asset_id bigint not null,
  number integer not null,
  value text,
  digest bytea,
  state text not null default 'new',
  primary key (asset_id, number)
) partition by hash (asset_id);
create table profiling.value_sample_0 partition of profiling.value_sample for values with (modulus 4, remainder 0);
create table profiling.value_sample_1 partition of profiling.value_sample for values with (modulus 4, remainder 1);
create table profiling.value_sample_2 partition of profiling.value_sample for values with (modulus 4, remainder 2);
create table profiling.value_sample_3 partition of profiling.value_sample for values with (modulus 4, remainder 3);

create table profiling.blob (
  id uuid primary key,
  media_type text not null,
  content bytea not null,
  revision integer not null default 1,
  stored_at timestamptz not null
);
alter table profiling.blob alter column content set storage external;

create unlogged table profiling.scratch (
  id integer primary key,
  content text
);

create table profiling.type_zoo (
  id integer primary key,
  small smallint,
  big bigint,
  exact numeric,
  scaled numeric(12, 4),
  single real,
  double_ double precision,
  money_ money,
  text_ text,
  fixed char(5),
  limited varchar(10),
  name_ name,
  char_ "char",
  bytes bytea,
  bool_ boolean,
  date_ date,
  time_ time,
  timetz_ timetz,
  timestamp_ timestamp,
  timestamptz_ timestamptz,
  interval_ interval,
  uuid_ uuid,
  inet_ inet,
  cidr_ cidr,
  mac macaddr,
  mac8 macaddr8,
  bits bit(9),
  varbits bit varying,
  json_ json,
  jsonb_ jsonb,
  path_ jsonpath,
  point_ point,
  box_ box,
  polygon_ polygon,
  int_range int4range,
  numeric_range numrange,
  time_range tstzrange,
  own_range profiling.text_range,
  int_array integer[],
  text_matrix text[][],
  enum_array assets.asset_kind[],
  composite assets.quantity,
  composites assets.quantity[],
  vector tsvector,
  query tsquery,
  oid_ oid,
  class_ regclass,
  lsn pg_lsn
);

-- Multiranges exist from 14 on.
do $$
begin
  if current_setting('server_version_num')::integer >= 140000 then
    alter table profiling.type_zoo add column dates datemultirange, add column numbers nummultirange;
  end if;
end
$$;
