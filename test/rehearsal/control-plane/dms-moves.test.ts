import { type Databases, DmsStage, FAITHFUL, rowsOf, untilEqual } from './support/dms-stage';
import { eventually } from './support/local-aws';

let stage: DmsStage;

beforeAll(async () => {
  stage = await DmsStage.start();
}, 60_000);

afterAll(async () => {
  await stage?.close();
});

const SHOP = `
  create table customers (id int primary key, name text not null, vip boolean not null, code char(6));
  create table orders (id bigint primary key, customer int not null references customers, note text, paid numeric(10, 2));
`;

describe('with everything right', () => {
  it('ends with equal rows under concurrent writes, over a stop and a resumption', async () => {
    const databases = await stage.databases(`${SHOP} create table notes (at timestamptz, "Te xt" jsonb);`);
    const { source, target } = databases;
    await source.query(
      "insert into customers select i, 'name ' || i, i % 2 = 0, 'c' || i from generate_series(1, 500) i",
    );
    await source.query('insert into orders select i, 1 + i % 500, null, i / 7.0 from generate_series(1, 2000) i');
    await target.query('create table fired (what text)');
    await target.query(
      `create function fire() returns trigger language plpgsql as $$ begin insert into fired values (tg_op); return new; end $$;
       create trigger fire before insert or update on orders for each row execute function fire()`,
    );
    const writing = keepWriting(databases);
    const move = await stage.move(databases, FAITHFUL);
    expect((await move.start()).Status).toBe('running');
    await move.untilTable('orders', ({ TableState }) => TableState === 'Table completed');
    await writing.moreThan(40);
    const stopped = await move.stop();
    expect(stopped).toMatchObject({ Status: 'stopped', StopReason: 'Stop Reason NORMAL' });
    expect(stopped.RecoveryCheckpoint).toMatch(/^checkpoint:V1#/);
    await writing.moreThan(80);
    await move.start('resume-processing');
    await writing.moreThan(120);
    await writing.end();
    for (const table of ['customers', 'orders', 'notes']) await untilEqual(databases, table);
    expect(await rowsOf(target, 'fired')).toEqual([]);
    expect(await rowsOf(target, 'awsdms_apply_exceptions')).toEqual([]);
    const task = await move.describe();
    expect(task.ReplicationTaskStats).toMatchObject({
      FullLoadProgressPercent: 100,
      TablesLoaded: 3,
      TablesErrored: 0,
    });
    expect(await move.table('orders')).toMatchObject({
      FullLoadRows: expect.any(Number),
      TableState: 'Table completed',
    });
    await move.stop();
  });
});

/** Writes on the source, one transaction after the other, until it is told to end. */
function keepWriting({ source }: Databases) {
  let [count, going] = [0, true];
  const ended = (async () => {
    for (; going; count++) {
      const id = 10_000 + count;
      await source.query(
        `begin;
         insert into customers values (${id}, 'it''s ${id}', true, 'x');
         insert into orders values (${id}, ${id}, 'made', 1), (-${id}, ${id}, repeat('large ', 3000), 2);
         update orders set note = 'changed ' || ${id}, paid = paid + 1 where id = 1 + ${count % 2000};
         update orders set paid = 3 where id = -${id};
         delete from orders where id = ${id};
         insert into notes values (now(), '{"a": [1, "two"], "b": null}');
         ${count % 7 === 6 ? 'rollback' : 'commit'}`,
      );
    }
  })();
  return {
    moreThan: (least: number) => eventually(async () => (count > least ? true : undefined)),
    end: () => {
      going = false;
      return ended;
    },
  };
}
