import { type Fill, fixed, growing } from './fill';

/** Number of metrics, the hot rows; the same at every size. */
export const METRICS = 100;

/** Sessions that the application goes on using. */
const SESSIONS_IN_USE = 40;

/**
 * Rows of the database `lineage`. Events spread evenly over the nine months before the reference moment, and the first
 * fifteen stand exactly at, just before and just after the retention boundaries of 30 days, 5 and 6 months.
 */
export const LINEAGE_FILLS: readonly Fill[] = [
  {
    table: 'public.session',
    // The first forty are the application's own and recent; the ten after them are old, and recent events point at them.
    rows: (scale) => SESSIONS_IN_USE + growing(6_000)(scale),
    batchRows: 8_000,
    text: `
      insert into public.session (id, user_name, client, opened_at, closed_at, settings)
      select md5('session ' || i)::uuid, 'user ' || i % 50,
             case i % 3 when 0 then ('10.' || i % 200 || '.0.' || i % 250)::inet when 1 then '2001:db8::/48'::inet end,
             opened_at, case when i % 10 > 0 then opened_at + interval '1 hour' end,
             jsonb_build_object('application', 'worker ' || i % 9)
      from generate_series($1::bigint, $2::bigint) i,
        lateral (select $3::timestamptz - case when i <= ${SESSIONS_IN_USE} then i * interval '3 days'
          else (($4::bigint - i)::double precision / ($4::bigint - ${SESSIONS_IN_USE})) * interval '270 days' end as opened_at) o`,
  },
  {
    table: 'public.execution_event',
    rows: growing(90_000),
    batchRows: 20_000,
    text: `
      insert into public.execution_event (id, session_id, occurred_at, duration, outcome, statement, payload, rows_affected)
      select i, case when i % 20 > 0 then md5('session ' || 1 + i % 40)::uuid
               when i % 40 > 0 then md5('session ' || 41 + (i / 40) % 10)::uuid end,
             case when i <= 15
               then $3::timestamptz - (array[interval '30 days', interval '5 months', interval '6 months'])[1 + i % 3]
                    + (array[interval '0', interval '1 microsecond', interval '-1 microsecond', interval '1 hour', interval '-1 hour'])[1 + (i - 1) / 3]
               else $3::timestamptz - (($4::bigint - i)::double precision / $4::bigint) * interval '270 days' end,
             (i % 5000) * interval '13 milliseconds', (array['succeeded', 'succeeded', 'failed', 'cancelled'])[1 + i % 4]::public.outcome,
             'select ' || md5(i::text) || ' from "' || md5((i % 40)::text) || '" where x = ''' || i || '''',
             jsonb_build_object('engine', 'e' || i % 4, 'cost', i / 3.0, 'stages', jsonb_build_array(i % 3, i % 5)), i % 100000
      from generate_series($1::bigint, $2::bigint) i`,
  },
  {
    table: 'public.event_mention',
    rows: growing(160_000),
    batchRows: 40_000,
    text: `
      insert into public.event_mention (event_id, number, asset_id, role, confidence)
      select 1 + (i - 1) / 2, (i - 1) % 2, 1 + i % 40, (array['reads', 'writes'])[1 + i % 2], (i % 101) / 100.0
      from generate_series($1::bigint, $2::bigint) i where $3::timestamptz is not null and $4::bigint > 0`,
  },
  {
    table: 'public.expression_mention',
    rows: growing(48_000),
    batchRows: 20_000,
    text: `
      insert into public.expression_mention (id, event_id, expression, columns, mentioned_at)
      select i, case when i % 4 = 0 then 1 + i % 40 else 40 + i end, 'coalesce(' || md5(i::text) || ', ' || i % 17 || ') || $tag$''$tag$', array['a' || i % 3, 'b'],
             $3::timestamptz - (($4::bigint - i)::double precision / $4::bigint) * interval '270 days'
      from generate_series($1::bigint, $2::bigint) i`,
  },
  {
    table: 'public.unresolved_mention',
    rows: growing(20_000),
    batchRows: 20_000,
    text: `
      insert into public.unresolved_mention (event_id, text, seen_at)
      select case when i % 8 > 0 then 1 + i % 40 end, 'unresolved ' || i / 2, $3::timestamptz - (i / 2) * 2 / $4::double precision * interval '270 days'
      from generate_series($1::bigint, $2::bigint) i`,
  },
  {
    table: 'public.change_statistic',
    rows: growing(40_000),
    batchRows: 20_000,
    text: `
      insert into public.change_statistic (asset_id, day, inserts, updates, deletes, last_change)
      select 1 + (i - 1) / 200, ($3::timestamptz at time zone 'UTC')::date - ((i - 1) % 200)::integer, i % 500, i % 300, i % 20, $3::timestamptz - i * interval '1 minute'
      from generate_series($1::bigint, $2::bigint) i where $4::bigint > 0`,
  },
  {
    table: 'public.metric',
    rows: fixed(METRICS),
    batchRows: METRICS,
    text: `
      insert into public.metric (id, name, value, details, touched_at)
      select i, 'metric ' || i, i * 10, (select string_agg(md5(i || ':' || n), '' order by n) from generate_series(1, 100) n),
             $3::timestamptz - case when i > 80 then interval '60 days' else interval '0' end
      from generate_series($1::bigint, $2::bigint) i where $4::bigint > 0`,
  },
  {
    table: 'public.metric_event',
    rows: growing(140_000),
    batchRows: 40_000,
    text: `
      insert into public.metric_event (id, metric_id, at, value, note)
      select i, 1 + i % ${METRICS - 10}, $3::timestamptz - (($4::bigint - i)::double precision / $4::bigint) * interval '270 days',
             case i % 100 when 0 then 'NaN' when 1 then null else i / 8.0 end::numeric, case when i % 10 = 0 then 'note ' || i end
      from generate_series($1::bigint, $2::bigint) i`,
  },
];
