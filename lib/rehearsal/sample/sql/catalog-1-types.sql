-- Schemas, types and code of the database `catalog`; run as catalog_owner, names always qualified, because apply
-- workers run with an empty search_path.
create schema assets;
create schema profiling;
create schema vault;
create schema "Odd Names";

alter default privileges for role catalog_owner grant execute on functions to catalog_reader;
alter default privileges for role catalog_owner in schema assets, profiling grant select on tables to catalog_reader;
alter default privileges for role catalog_owner in schema assets, profiling
  grant insert, update, delete on tables to catalog_writer;
alter default privileges for role catalog_owner in schema assets, profiling grant usage on sequences to catalog_writer;

create type assets.asset_kind as enum ('database', 'schema', 'table', 'view', 'file', 'report', 'it''s odd');
create type assets.quantity as (amount numeric(20, 6), unit text);
create type profiling.text_range as range (subtype = text, collation = "C");
create domain assets.email as text check (value ~ '^[^@[:space:]]+@[^@[:space:]]+$');
create domain assets.percentage as numeric(5, 2) default 0 not null check (value >= 0) check (value <= 100);
create domain assets.label_list as text[] check (array_length(value, 1) is null or array_length(value, 1) <= 64);

create sequence assets.ticket_number start with 1000;
create sequence assets.countdown increment by -1 minvalue -9000000000 maxvalue 0 start with 0;
create sequence assets.shift as smallint minvalue 1 maxvalue 7 start with 3 cycle;
create sequence assets.cached_number cache 50;
create sequence assets."Stride 10" increment by 10 start with 5 cache 3;
create sequence assets.never_used;

create function assets.next_ticket() returns text
language sql volatile
as $$ select 'T-' || pg_catalog.lpad(pg_catalog.nextval('assets.ticket_number')::text, 10, '0') $$;

create function assets.normalised(value text) returns text
language sql immutable parallel safe
as $$ select pg_catalog.lower(pg_catalog.btrim(value)) $$;

create function assets.bump_revision() returns trigger
language plpgsql
as $$
begin
  new.revision := old.revision + 1;
  new.updated_at := pg_catalog.clock_timestamp();
  return new;
end
$$;

create function assets.record_history() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $body$
begin
  insert into assets.asset_history (asset_id, operation, changed_at, was)
  values (coalesce(new.id, old.id), tg_op, pg_catalog.clock_timestamp(),
          case when tg_op = 'INSERT' then null else pg_catalog.jsonb_build_object('name', old.name, 'revision', old.revision) end);
  return null;
end
$body$;

-- Belongs to an ENABLE ALWAYS trigger, which fires on apply too: its result depends on the row alone.
create function assets.normalise_annotation() returns trigger
language plpgsql
as $$
begin
  new.body_key := assets.normalised(new.body);
  return new;
end
$$;

create function assets.refuse_orphan_column() returns trigger
language plpgsql
as $$
begin
  if not exists (select from assets.asset a where a.id = new.asset_id) then
    raise exception 'column % has no asset', new.id using errcode = 'foreign_key_violation';
  end if;
  return null;
end
$$;

create procedure assets.rename_asset(wanted_id bigint, wanted_name text)
language plpgsql
as $$
begin
  update assets.asset set name = wanted_name where id = wanted_id;
  if not found then
    raise exception 'asset % does not exist', wanted_id using errcode = 'no_data_found';
  end if;
end
$$;

create aggregate assets.longest(text) (sfunc = pg_catalog.textcat, stype = text, initcond = '');

comment on schema assets is 'What the organisation owns; "quotes", $dollars$ and
line breaks in a comment';
comment on type assets.asset_kind is 'Kind of an asset';
comment on function assets.next_ticket() is 'Default of a column: the sequence does not belong to it';
