/** How many old rows a database of the sample holds. */

/** Old rows of the reference policy that nothing can keep. */
export const OLD_ROWS = `
  select (select count(*) from public.execution_event where occurred_at < now() - interval '6 months 1 hour')
    + (select count(*) from public.expression_mention where mentioned_at < now() - interval '6 months 1 hour')
    + (select count(*) from public.unresolved_mention where seen_at < now() - interval '6 months 1 hour')
    + (select count(*) from public.change_statistic where day < current_date - interval '5 months 1 day')
    + (select count(*) from public.metric_event where at < now() - interval '30 days 1 hour') as old`;
