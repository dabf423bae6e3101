-- What comes after the rows: keys, indexes, foreign keys, triggers, views, statistics, row security, grants.
alter table assets.asset add primary key (id);
alter table assets.asset_column add primary key (id);
create unique index data_source_name_key on assets.data_source (name) where default_asset_id is not null;
create index asset_parent on assets.asset (parent_id) where parent_id is not null;
create index asset_name on assets.asset (pg_catalog.lower(name), kind desc nulls last) include (revision);
create index asset_search on assets.asset using gin (search);
create index asset_properties on assets.asset using gin (properties jsonb_path_ops);
create index asset_created on assets.asset using brin (created_at);
create unique index asset_column_position on assets.asset_column (asset_id, "position");
create index asset_column_code on assets.asset_column using hash (code);
create index asset_history_asset on assets.asset_history (asset_id, changed_at);
create index annotation_asset on assets.annotation (asset_id);
create index credential_label on vault.credential (assets.normalised(label));

alter table assets.data_source add constraint data_source_default_asset
  foreign key (default_asset_id) references assets.asset (id) deferrable initially deferred;
alter table assets.asset add constraint asset_data_source
  foreign key (data_source_id) references assets.data_source (id) deferrable initially immediate;
alter table assets.asset add constraint asset_parent
  foreign key (parent_id) references assets.asset (id) on delete set null;
alter table assets.asset_column add constraint asset_column_asset
  foreign key (asset_id) references assets.asset (id) on delete cascade;
alter table assets.rating add constraint rating_asset foreign key (asset_id) references assets.asset (id) on delete cascade;
alter table assets.annotation add constraint annotation_asset
  foreign key (asset_id) references assets.asset (id) on delete cascade not valid;
alter table profiling.value_sample add constraint value_sample_asset
  foreign key (asset_id) references assets.asset (id) on delete cascade;

create trigger asset_revision before update on assets.asset
  for each row when (old.name is distinct from new.name or old.properties is distinct from new.properties)
  execute function assets.bump_revision();
create trigger asset_history after insert or update of name or delete on assets.asset
  for each row execute function assets.record_history();
create trigger annotation_key before insert or update on assets.annotation
  for each row execute function assets.normalise_annotation();
alter table assets.annotation enable always trigger annotation_key;
create constraint trigger asset_column_orphan after insert on assets.asset_column
  deferrable initially deferred for each row execute function assets.refuse_orphan_column();
create trigger note_disabled before delete on assets.note for each row execute function assets.normalise_annotation();
alter table assets.note disable trigger note_disabled;

create statistics assets.asset_source_kind (dependencies, ndistinct) on data_source_id, kind from assets.asset;

create view assets.table_asset with (security_barrier) as
  select a.id, a.name, a.revision, s.name as data_source
  from assets.asset a join assets.data_source s on s.id = a.data_source_id
  where a.kind = 'table';
create view assets.editable_tag as select code, title from assets.tag with local check option;
create view assets.note_inbox as select id, body from only assets.note;
create rule note_inbox_insert as on insert to assets.note_inbox
  do instead insert into assets.note (id, body) values (new.id, new.body);
create materialized view assets.source_summary as
  select s.id, s.name, pg_catalog.count(a.id) as assets, pg_catalog.max(a.updated_at) as updated_at
  from assets.data_source s left join assets.asset a on a.data_source_id = s.id
  group by s.id, s.name;
create unique index source_summary_key on assets.source_summary (id);
create materialized view assets.not_populated as select id from assets.asset with no data;

alter table vault.credential enable row level security;
create policy writers on vault.credential to catalog_writer using (true) with check (true);
create policy readers on vault.credential for select to reporting using (not restricted);

grant usage on schema assets, profiling to catalog_reader, reporting;
grant usage on schema vault, "Odd Names" to catalog_writer, reporting;
grant select, insert, update, delete on all tables in schema vault, "Odd Names" to catalog_writer;
grant usage on all sequences in schema "Odd Names" to catalog_writer;
grant select (tenant, label, expires_at) on vault.credential to reporting;
grant select (id, name, kind), references (id) on assets.data_source to reporting;
grant select on assets.table_asset to reporting with grant option;
grant select, update on assets.tag to "Ops Team" with grant option;
revoke execute on function assets.record_history() from public;
revoke all on table assets.asset_history from catalog_writer;
grant insert on table assets.asset_history to catalog_writer;
grant execute on procedure assets.rename_asset(bigint, text) to catalog_writer;
