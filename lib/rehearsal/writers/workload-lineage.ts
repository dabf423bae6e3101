import { RolledBack, type Transaction, type Workload } from './transaction';

const SEEDED = 40;

async function recordEvent(tx: Transaction): Promise<void> {
  const [event] = await tx.query<{ id: string }>(
    'record event',
    `insert into public.execution_event (session_id, occurred_at, outcome, statement, payload)
     values (md5('session ' || $1::integer)::uuid, now(), 'running', $2, jsonb_build_object('writer', $3::integer, 'empty', '')) returning id`,
    [tx.pick(SEEDED), `select ${tx.number}`, tx.writer],
  );
  tx.gave('execution_event.id', event?.id);
  await tx.query(
    'mention assets',
    `insert into public.event_mention (event_id, number, asset_id, role, confidence) select $1, n, n, 'reads', 1 from generate_series(0, 2) n`,
    [event?.id],
  );
  const [mention] = await tx.query<{ id: string }>(
    'mention expression',
    `insert into public.expression_mention (event_id, expression, columns, mentioned_at) values ($1, 'a || b', array['a', 'b'], now()) returning id`,
    [event?.id],
  );
  tx.gave('expression_mention.id', mention?.id);
  await tx.query(
    'leave unresolved',
    `insert into public.unresolved_mention values ($1, 'unresolved', now()), ($1, 'unresolved', now())`,
    [event?.id],
  );
}

async function finishEvent(tx: Transaction): Promise<void> {
  await tx.query(
    'finish event',
    `update public.execution_event set outcome = 'succeeded', duration = clock_timestamp() - occurred_at, rows_affected = $1
     where id = (select max(id) - $1::bigint % 50 from public.execution_event)`,
    [tx.number],
  );
}

/** The row's TOASTed details do not change and so do not travel (fault 58). */
async function countMetric(tx: Transaction): Promise<void> {
  await tx.query('count metric', 'update public.metric set value = value + 1, touched_at = now() where id = $1', [
    1 + tx.pick(5),
  ]);
}

async function recordMetric(tx: Transaction): Promise<void> {
  const [event] = await tx.query<{ id: string }>(
    'record metric',
    `insert into public.metric_event (metric_id, at, value, note) values ($1, now(), 'NaN', $2) returning id`,
    [tx.pick(SEEDED), `metric ${tx.number}`],
  );
  tx.gave('metric_event.id', event?.id);
}

async function moveMetric(tx: Transaction): Promise<void> {
  await tx.query('move metric', `update public.metric_event set at = now() - $2 * interval '23 hours' where id = $1`, [
    tx.pick(SEEDED),
    tx.pick(30),
  ]);
}

async function countChange(tx: Transaction): Promise<void> {
  await tx.query(
    'count change',
    `insert into public.change_statistic as s (asset_id, day, updates, last_change) values ($1, current_date + $2::integer, 1, now())
     on conflict (asset_id, day) do update set updates = s.updates + 1, last_change = excluded.last_change`,
    [tx.pick(SEEDED), tx.pick(10)],
  );
}

async function openSession(tx: Transaction): Promise<void> {
  const [session] = await tx.query<{ number: string }>(
    'open session',
    `insert into public.session (id, user_name, client, opened_at, settings)
     values (md5($1::text || ' ' || $2::text)::uuid, 'writer', '127.0.0.1', now(), '{}') returning number`,
    [tx.writer, tx.number],
  );
  tx.gave('session.number', session?.number);
  await tx.query(
    'set session',
    `update public.session set settings = jsonb_set(settings, '{a,0}', '[1, null]') || '{"b": 1.00}' where id = md5('session ' || $1::integer)::uuid`,
    [tx.pick(SEEDED)],
  );
}

/** Old events go, and with them, by cascade, what they mention. */
async function deleteOldEvent(tx: Transaction): Promise<void> {
  await tx.query(
    'delete old event',
    `delete from public.execution_event where id = (
       select id from public.execution_event where id > 40 order by occurred_at limit 1 for update skip locked)`,
  );
}

/** Deletes from a table without key: the whole row identifies it. */
async function resolveMentions(tx: Transaction): Promise<void> {
  await tx.query(
    'resolve mentions',
    `delete from public.unresolved_mention where ctid in (
       select ctid from public.unresolved_mention where md5(text) = md5('unresolved ' || $1::integer) limit 2 for update skip locked)`,
    [tx.pick(20)],
  );
}

async function useSequences(tx: Transaction): Promise<void> {
  const [values] = await tx.query<{ run: string; reverse: string }>(
    'use sequences',
    `select nextval('public.run_number') as run, nextval('public.reverse_number') as reverse`,
  );
  tx.gave('run_number', values?.run);
  tx.gave('reverse_number', values?.reverse);
}

async function rollBackPart(tx: Transaction): Promise<void> {
  await tx.query('savepoint', 'savepoint part');
  await recordEvent(tx);
  await tx.query('rollback to', 'rollback to savepoint part');
  await tx.query('savepoint', 'savepoint part');
  await countChange(tx);
  await tx.query('release', 'release savepoint part');
}

async function rollBack(tx: Transaction): Promise<void> {
  await recordEvent(tx);
  throw new RolledBack('the application changed its mind');
}

async function writeManyRows(tx: Transaction): Promise<void> {
  await tx.query(
    'write many rows',
    `insert into public.metric_event (metric_id, at, value)
     select 1 + n % 40, now() - n * interval '1 second', n / 8.0 from generate_series(1, 500) n`,
  );
}

/** What the application does in `lineage`, each with how often in a hundred writes. */
export const LINEAGE_WORKLOADS: readonly { readonly share: number; readonly workload: Workload }[] = [
  { share: 24, workload: recordEvent },
  { share: 10, workload: finishEvent },
  { share: 18, workload: countMetric },
  { share: 10, workload: recordMetric },
  { share: 3, workload: moveMetric },
  { share: 12, workload: countChange },
  { share: 6, workload: openSession },
  { share: 4, workload: deleteOldEvent },
  { share: 1, workload: resolveMentions },
  { share: 5, workload: useSequences },
  { share: 3, workload: rollBackPart },
  { share: 2, workload: rollBack },
  { share: 2, workload: writeManyRows },
];
