/** The nastiest schema and rows on two servers of different majors. */

import { connectionString } from '../../../lambda/platform/connection-string';
import { mergeFacts } from '../../../lambda/platform/ledger-sql';
import { makeSubscription } from '../../../lambda/platform/make-subscription';
import type { Side } from '../../../lambda/platform/postgres';
import { dropSlot, makeSlot } from '../../../lambda/platform/slots';
import { pinSettings } from '../../../lambda/proof/row-hash';
import { TRICKY_ROWS, TRICKY_SCHEMA } from '../copy/rows/tricky';
import { makeAll, makeRolesOf, planOf } from '../copy/schema/nasty';
import { MASTER, Pair, statementsOf } from '../copy/schema/pair';

export const DATABASE = 'nasty';

type Later = readonly (readonly [since: number, text: string | RegExp, instead: string])[];

/** What older majors do not know, and what stands for it there. */
const LATER_SCHEMA: Later = [
  [15, 'unique nulls not distinct', 'unique'],
  [15, ' where (id > 0), nasty.egg', ', nasty.egg'],
  [14, ' compression pglz', ''],
  [14, /begin atomic\n[\s\S]*?\nend;/, "as 'select case when n > 0 then n + 1 else 0 end';"],
];
const LATER_ROWS: Later = [
  [14, 'ranges int4multirange', 'ranges text'],
  // Before 16 this escape is no tabulator but a letter.
  [99, String.raw`\b\f\v`, String.raw`\b\f\x0b`],
  [14, "(2, 'Infinity', 'Infinity', '-Infinity'", "(2, 'NaN', 'Infinity', '-Infinity'"],
];

function as(major: number, text: string, later: Later): string {
  return later.filter(([since]) => major < since).reduce((all, [, what, instead]) => all.replace(what, instead), text);
}

/** What a dump and a newer major say in other words. */
const REWORDED = `
  set role nasty_owner; set search_path = nasty;
  create table listed (id int primary key, kind varchar(9) default 'a' check (kind in ('a', 'b')), hour int default extract(hour from now()));
  create index listed_kinds on listed (lower(kind)) where kind in ('a', 'b');
  create view reworded as select id, kind, at.at from listed, (select now() at time zone 'UTC' as at) at where kind in ('a', 'b') and hour > 1;
  create view joined as select h.id as one, e.hen as other from hen h join egg e on h.id = e.hen;
  create policy theirs on listed using (exists (select from hen where hen.id = listed.id) and kind in ('a', 'b'));
  create function changed() returns trigger language plpgsql as 'begin return new; end';
  create trigger changed before update on listed for each row when (old.* is distinct from new.*) execute function changed();
  create rule kept as on delete to listed where old.kind in ('a', 'b') do instead (update hen set rival = null where hen.id = old.id);
  create procedure "called; so" (inout n int, m text default 'x' || 'y') language plpgsql as 'begin end';
  comment on column listed.hour is 'of the day';
  reset role; reset search_path;`;

/** Both servers, with the schema copied by the steps that copy schemas; sessions are pinned. */
export async function startCopied(from: number, to: number) {
  const pair = await Pair.start(from, to);
  try {
    await pair.run('source', DATABASE, as(from, statementsOf('nasty.sql'), LATER_SCHEMA));
    await pair.run('source', DATABASE, as(from, statementsOf('superuser.sql'), LATER_SCHEMA));
    await pair.run('source', DATABASE, REWORDED);
    await makeRolesOf(pair);
    // RDS lets its master user use this wrapper; elsewhere a superuser has to.
    await pair.run('target', DATABASE, WRAPPER);
    const plan = await planOf(pair, DATABASE);
    await makeAll(pair, DATABASE);
    await pair.run('source', DATABASE, 'create schema sealift authorization dbadmin');
    const [source, target] = await Promise.all([
      pair.connect('source').session(DATABASE),
      pair.connect('target').session(DATABASE),
    ]);
    await Promise.all([pinSettings(source), pinSettings(target)]);
    return { pair, plan, source, target };
  } catch (error) {
    await pair.close();
    throw error;
  }
}

const WRAPPER = `create schema places authorization dbadmin; create extension postgres_fdw schema places;
  grant usage on foreign data wrapper postgres_fdw to dbadmin`;

/** The same rows on both sides, each from the same literals. */
export async function fillRows(pair: Pair): Promise<void> {
  const major = Math.min(pair.source.major, pair.target.major);
  const text = `set session authorization dbadmin; ${as(major, TRICKY_SCHEMA, LATER_ROWS)} ${as(major, TRICKY_ROWS, LATER_ROWS)}`;
  for (const side of ['source', 'target'] as const)
    await pair.run(side, 'rows', text.replaceAll('gen_random_uuid()', `'${UUID}'`));
}

const UUID = 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11';

/** Forgets what the plan of the schema told of what stays behind. */
export async function forgetLeftOut({ target }: Pick<Copied, 'target'>): Promise<void> {
  await target.execute(mergeFacts('pair', { schemaLeftOut: [] }));
}

/** Keeps what the plan left out with the target's ledger again. */
export async function keepLeftOut({ plan, target }: Pick<Copied, 'plan' | 'target'>): Promise<void> {
  await target.execute(mergeFacts('pair', { schemaLeftOut: plan.leftOut }));
}

type Copied = Awaited<ReturnType<typeof startCopied>>;

const STREAM = 'sealift_pair_both';

/** Lets one side follow the other as the steps do, writes there, and answers what arrived; nothing of the road is left. */
export async function follow(pair: Pair, from: Side, to: Side): Promise<string[]> {
  const [publisher, subscriber] = [await pair.connect(from).session('moved'), await pair.connect(to).session('moved')];
  const plan = {
    name: STREAM,
    connection: connectionString({
      host: '127.0.0.1',
      port: pair[from].port,
      database: 'moved',
      ...MASTER,
      sslMode: 'require',
      rootCertificatePath: null,
      applicationName: STREAM,
    }),
    publisherMajor: publisher.major,
    localOnly: to === 'source',
  };
  for (const side of [publisher, subscriber]) await side.execute({ text: 'truncate moved' });
  await publisher.execute({ text: `create publication ${STREAM} for table moved` });
  await makeSlot(publisher, STREAM);
  await subscriber.transaction(() => makeSubscription(subscriber, plan));
  await subscriber.execute({ text: `alter subscription ${STREAM} enable` });
  await publisher.execute({
    text: `insert into moved values (1, 0.1), (2, 'NaN'), (3, '-Infinity'), (4, 4.9e-324)`,
  });
  try {
    for (let look = 0; look < 600; look += 1) {
      const rows = await subscriber.query<{ f: string }>({ text: 'select f::text as f from moved order by id' });
      if (rows.length === 4) return rows.map(({ f }) => f);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error('nothing arrived');
  } finally {
    await subscriber.execute({ text: `alter subscription ${STREAM} disable` });
    await subscriber.execute({ text: `alter subscription ${STREAM} set (slot_name = none)` });
    await subscriber.execute({ text: `drop subscription ${STREAM}` });
    await dropSlot(publisher, STREAM);
    await publisher.execute({ text: `drop publication ${STREAM}` });
  }
}
