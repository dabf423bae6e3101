-- What comes after the rows of `lineage`.
alter table public.session add primary key (id);
alter table public.execution_event add primary key (id);
alter table public.event_mention add primary key (event_id, number);
alter table public.expression_mention add primary key (id);
create index execution_event_time on public.execution_event (occurred_at);
create index execution_event_session on public.execution_event (session_id);
create index event_mention_asset on public.event_mention (asset_id);
create index expression_mention_event on public.expression_mention (event_id);
create index unresolved_mention_text on public.unresolved_mention (pg_catalog.md5(text));
create index metric_event_metric on public.metric_event (metric_id, at desc);

alter table public.execution_event add constraint execution_event_session
  foreign key (session_id) references public.session (id) on delete set null;
alter table public.event_mention add constraint event_mention_event
  foreign key (event_id) references public.execution_event (id) on delete cascade;
alter table public.expression_mention add constraint expression_mention_event
  foreign key (event_id) references public.execution_event (id) on delete cascade;
alter table public.metric_event add constraint metric_event_metric
  foreign key (metric_id) references public.metric (id);

create function public.finish_event() returns trigger
language plpgsql
as $$
begin
  if new.outcome <> 'running' and new.duration is null then
    new.duration := interval '0';
  end if;
  return new;
end
$$;
create trigger execution_event_finish before insert or update on public.execution_event
  for each row execute function public.finish_event();

create function public.count_sessions() returns trigger
language plpgsql security definer
as $$
begin
  update public.metric set value = value + (select pg_catalog.count(*) from added) where id = 1;
  return null;
end
$$;
create trigger session_count after insert on public.session
  referencing new table as added for each statement execute function public.count_sessions();

create view public.recent_event as
  select e.id, e.occurred_at, e.outcome, pg_catalog.count(m.number) as mentions
  from public.execution_event e left join public.event_mention m on m.event_id = e.id
  group by e.id;
create materialized view public.daily_outcome as
  select pg_catalog.date_trunc('day', occurred_at at time zone 'UTC') as day, outcome, pg_catalog.count(*) as events
  from public.execution_event group by 1, 2;
create unique index daily_outcome_key on public.daily_outcome (day, outcome);

grant usage on schema public to lineage_app, reporting;
grant select, insert, update, delete on all tables in schema public to lineage_app;
grant usage on all sequences in schema public to lineage_app;
grant select on public.recent_event, public.daily_outcome, public.metric to reporting;
