import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { NotReady } from '../../../../lambda/errors';
import type { Server, Session } from '../../../../lambda/platform/postgres';
import { ident } from '../../../../lambda/platform/quote';
import { catalogueOf, difference, PreparedStage } from './prepared-stage';

const IN_THE_WAY = readFileSync(join(__dirname, 'in-the-way.sql'), 'utf8');
const NOTHING = { lost: [], more: [] };

/** 3,000 foreign keys and 2,000 triggers when the environment says so; a tenth otherwise. */
const SCALE = process.env.SEALIFT_FULL_SCALE === undefined ? 1 : 10;

/** Every statement when the environment says so; else every seventeenth, before and after it in turns. */
const STRIDE = SCALE === 1 ? 17 : 1;

/** Ends the session at its `at`th statement: every other time after the server has done it. True once that was reached. */
function killAt(session: Session, at: number): () => boolean {
  const run = Reflect.get(session, 'run').bind(session) as (statement: unknown) => Promise<unknown>;
  let count = 0;
  Reflect.set(session, 'run', async (statement: unknown) => {
    count += 1;
    if (count < at) return run(statement);
    if (count === at && at % 2 === 0) await run(statement);
    await session.close();
    throw new NotReady('killed');
  });
  return () => count >= at;
}

describe('a target of 17', () => {
  const started = { stage: null as PreparedStage | null };
  const stage = (): PreparedStage => {
    if (started.stage === null) throw new Error('the stage did not start');
    return started.stage;
  };

  beforeAll(async () => {
    started.stage = await PreparedStage.start(17);
  }, 60_000);
  afterAll(async () => {
    await started.stage?.close();
  });

  /** Runs `work` on a server whose session dies at a statement, then again on one that lives; true when it died. */
  async function killed(at: number, database: string, work: (target: Server<'target'>) => Promise<unknown>) {
    const target = stage().connect();
    const reached = killAt(await target.session(database), at);
    const failure = await work(target).then(
      () => null,
      (error: unknown) => error,
    );
    await target.close();
    if (failure !== null && !(failure instanceof NotReady)) throw failure;
    const next = stage().connect();
    await work(next);
    await next.close();
    return reached();
  }

  it('loses nothing when it is killed and run again', async () => {
    const database = 'killed';
    await stage().database(database, IN_THE_WAY);
    const watching = await stage().connect().another(database);
    const before = await catalogueOf(watching);
    let died = true;
    for (let at = 1; died; at += STRIDE) {
      const options = { database, expected: await stage().claim(database, `${at}`) };
      await stage().claim('postgres', `${at}`);
      const inPreparing = await killed(at, database, (target) => stage().prepare(target, options));
      const inRestoring = await killed(at, database, (target) => stage().restore(target, options));
      died = inPreparing || inRestoring;
      expect(difference(before, await catalogueOf(watching))).toEqual(NOTHING);
    }
    await stage().claim('postgres', '1');
  }, 600_000);

  it('gives back any names in any states', async () => {
    const name = fc.stringMatching(/^[A-Za-z"'.$ äÖ漢%\\_-]{1,12}$/).map((text) => text.slice(0, 12));
    const table = fc.record({
      schema: name,
      name,
      key: name,
      column: name,
      index: name,
      trigger: name,
      state: fc.constantFrom('enable', 'enable always', 'enable replica', 'disable'),
      deferred: fc.constantFrom('', 'deferrable', 'deferrable initially deferred', 'not valid'),
      partitioned: fc.boolean(),
    });
    let number = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(table, { minLength: 1, maxLength: 5, selector: (one) => one.name }),
        async (tables) => {
          number += 1;
          const database = `any ${number}`;
          const texts = tables.flatMap((one, place) => {
            const [schema, index] = [ident(`${place}${one.schema}`), ident(`${place}i${one.index}`)];
            const of = `${schema}.${ident(one.name)}`;
            const column = ident(one.column);
            const deferred = one.partitioned && one.deferred === 'not valid' ? '' : one.deferred;
            return [
              `create schema ${schema}`,
              `create table ${of} (${column} int) ${one.partitioned ? `partition by list (${column})` : ''}`,
              ...(one.partitioned
                ? [`create table ${schema}.${ident(`${one.name}+`)} partition of ${of} for values in (1)`]
                : []),
              `alter table ${of} add constraint ${ident(one.key)} foreign key (${column}) references public.up ${deferred}`,
              `create index ${index} on ${of} (${column})`,
              `create trigger ${ident(one.trigger)} after insert on ${of} for each row execute function public.noted()`,
              `alter table ${of} ${one.state} trigger ${ident(one.trigger)}`,
              `insert into ${of} values (1)`,
            ];
          });
          const noted =
            'create function public.noted() returns trigger language plpgsql as $$ begin return new; end $$';
          const first = ['create table public.up (id int primary key)', 'insert into public.up values (1)', noted];
          const options = { database, expected: await stage().database(database, [...first, ...texts].join(';\n')) };
          const target = stage().connect();
          const session = await target.another(database);
          const before = await catalogueOf(session);
          const { removed } = await stage().prepare(target, options);
          expect(removed['foreign key']).toBe(tables.length);
          await stage().restore(target, options);
          expect(difference(before, await catalogueOf(session))).toEqual(NOTHING);
          await target.close();
        },
      ),
      { numRuns: 3 },
    );
  }, 120_000);

  it(`gives back ${300 * SCALE} foreign keys and ${200 * SCALE} triggers`, async () => {
    const database = 'many';
    const expected = await stage().database(
      database,
      `create schema "Many Sch"; create table "Many Sch"."Up" (id int primary key);
       create function "Many Sch".noted() returns trigger language plpgsql as $$ begin return new; end $$;
       do $$ declare t int; k int; begin for t in 1..${30 * SCALE} loop
         execute format('create table "Many Sch".%I (a1 int, a2 int, a3 int, a4 int, a5 int, a6 int, a7 int, a8 int, a9 int, a10 int)', 'Table ' || t);
         for k in 1..10 loop
           execute format('alter table "Many Sch".%I add constraint %I foreign key (a%s) references "Many Sch"."Up"', 'Table ' || t, 'Key ' || k, k);
         end loop;
         for k in 1..7 loop
           execute format('create trigger %I after insert on "Many Sch".%I for each row execute function "Many Sch".noted()', 'Trigger ' || k, 'Table ' || t);
         end loop;
       end loop; end $$`,
    );
    const options = { database, expected };
    const target = stage().connect();
    const session = await target.another(database);
    const before = await catalogueOf(session);
    const beganAt = Date.now();
    const { removed } = await stage().prepare(target, options);
    expect(removed).toMatchObject({ 'foreign key': 300 * SCALE, trigger: 210 * SCALE });
    const preparedAt = Date.now();
    await stage().restore(target, options);
    const restoredAt = Date.now();
    expect(difference(before, await catalogueOf(session))).toEqual(NOTHING);
    if (SCALE > 1)
      process.stdout.write(`prepared in ${preparedAt - beganAt} ms, restored in ${restoredAt - preparedAt} ms\n`);
  }, 600_000);
});
