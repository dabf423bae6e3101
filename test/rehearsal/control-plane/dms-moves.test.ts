import { DeleteConnectionCommand, DescribeConnectionsCommand } from '@aws-sdk/client-database-migration-service';
import {
  type Databases,
  DmsStage,
  FAITHFUL,
  type Move,
  putRole,
  rowsOf,
  SECRETS_ROLE,
  untilEqual,
} from './support/dms-stage';
import { ACCOUNT, eventually, REGION } from './support/local-aws';

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
    expect(stopped.RecoveryCheckpoint).toMatch(/^checkpoint:V1#34#/);
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

describe('with DMS as it comes', () => {
  let databases: Databases;
  let move: Move;

  /** One task with every default, over tables of which each has one thing that DMS does its own way. */
  beforeAll(async () => {
    databases = await stage.databases(
      `create schema elsewhere;
       create type mood as enum ('good', 'bad');
       create table elsewhere.parents (id int primary key);
       create table children (id int primary key, parent int references elsewhere.parents);
       create table triggered (id int primary key);
       create table flags (id int primary key, flag boolean);
       create table chars (id int primary key, code char(6));
       create table moods (id int primary key, mood mood);
       create table lonely (id int primary key);
       create table keyless (id int, note text);
       create table keyless_full (id int, note varchar(20));
       create table large (id int primary key, note text);
       create table counted (id int generated always as identity primary key, note varchar(20));
       create table plain (id int primary key, note varchar(20));
       create table moments (id int primary key, at timestamptz);
       alter table keyless_full replica identity full;
       insert into elsewhere.parents values (1);
       insert into children values (1, 1);
       insert into triggered values (1);
       insert into flags values (1, true);
       insert into chars values (1, 'ab');
       insert into moods values (1, 'good');
       insert into lonely values (1);
       insert into keyless values (1, 'one'), (2, 'two');
       insert into keyless_full values (1, 'one'), (2, 'two');
       insert into large values (1, repeat('x', 40000)), (2, repeat('y', 32768));
       insert into counted (note) values ('one');
       insert into plain values (1, 'one'), (2, 'two'), (3, 'three');
       insert into moments values (1, 'infinity'), (2, '2026-01-02 03:04:05.678901+00')`,
      `create schema elsewhere;
       create type mood as enum ('good', 'bad');
       create table elsewhere.parents (id int primary key);
       create table children (id int primary key, parent int references elsewhere.parents);
       create table triggered (id int primary key);
       create table fired (id int);
       create function fire() returns trigger language plpgsql as $$ begin insert into fired values (new.id); return new; end $$;
       create trigger fire after insert on triggered for each row execute function fire();
       create table flags (id int primary key, flag boolean);
       create table chars (id int primary key, code varchar(6));
       create table moods (id int primary key, mood mood);
       create table keyless (id int, note text);
       create table keyless_full (id int, note varchar(20));
       create table large (id int primary key, note text);
       create table counted (id int generated always as identity primary key, note varchar(20));
       create table plain (id int primary key, note varchar(20));
       create table moments (id int primary key, at timestamptz)`,
    );
    move = await stage.move(databases, { settings: { ValidationSettings: { EnableValidation: true } } });
    await move.start();
    await eventually(async () => {
      const { ReplicationTaskStats: stats } = await move.describe();
      return stats?.FullLoadProgressPercent === 100 ? true : undefined;
    });
    await databases.source.query(
      `insert into triggered values (2);
       insert into flags values (2, true);
       insert into chars values (2, 'cd');
       update keyless set note = 'changed' where id = 1;
       delete from keyless where id = 2;
       insert into keyless values (3, 'three');
       update keyless_full set note = 'changed' where id = 1;
       delete from keyless_full where id = 2;
       insert into large values (3, repeat('z', 40000));
       insert into counted (note) values ('two');
       update counted set note = 'changed' where id = 1;
       alter table plain add column more text;
       update plain set id = 30 where id = 3;
       insert into plain values (4, 'four', 'more');
       truncate moods;
       delete from plain where id = 2;
       insert into plain values (5, 'last', null)`,
    );
    await eventually(async () =>
      (await rowsOf(databases.target, '(select * from plain where id = 5)')).length > 0 ? true : undefined,
    );
  });

  it('lets a forgotten foreign key bite: the table is in error and the progress says 100', async () => {
    expect(await move.table('children')).toMatchObject({ TableState: 'Table error', ValidationState: 'Table error' });
    const { ReplicationTaskStats, Status } = await move.describe();
    expect(Status).toBe('running');
    expect(ReplicationTaskStats).toMatchObject({ FullLoadProgressPercent: 100, TablesErrored: 3 });
    expect(await rowsOf(databases.target, 'children')).toEqual([]);
  });

  it('lets a forgotten trigger fire, in the load and behind it', async () => {
    expect(await rowsOf(databases.target, 'fired')).toEqual(['{"id": 1}', '{"id": 2}']);
  });

  it('carries neither types that it does not know nor tables that are not there', async () => {
    expect(await move.table('moods')).toMatchObject({ TableState: 'Table error' });
    expect(await move.table('lonely')).toMatchObject({ TableState: 'Table does not exist' });
  });

  it('makes texts of booleans, which a boolean column does not take behind the load', async () => {
    expect(await rowsOf(databases.target, 'flags')).toEqual(['{"id": 1, "flag": true}']);
    expect(await exceptions('flags')).toEqual([expect.stringContaining('42804')]);
  });

  it('trims characters and clips infinite moments', async () => {
    expect(await rowsOf(databases.target, 'chars')).toEqual(['{"id": 1, "code": "ab"}', '{"id": 2, "code": "cd"}']);
    expect((await rowsOf(databases.target, 'moments')).join()).toContain('9999-12-31');
  });

  it('loses changes of rows without a key, unless the stream holds the whole old row', async () => {
    expect(await rowsOf(databases.target, 'keyless')).toEqual([
      '{"id": 1, "note": "one"}',
      '{"id": 2, "note": "two"}',
      '{"id": 3, "note": "three"}',
    ]);
    expect(await move.table('keyless')).toMatchObject({ Updates: 1, AppliedUpdates: 0, Deletes: 1, AppliedDeletes: 0 });
    expect(await rowsOf(databases.target, 'keyless_full')).toEqual(['{"id": 1, "note": "changed"}']);
  });

  it('cuts large values at 32 KB with a line in its log, and its validation does not see it', async () => {
    const { rows } = await databases.target.query('select id, length(note) as length from large order by id');
    expect(rows).toEqual([
      { id: 1, length: 32_768 },
      { id: 2, length: 32_768 },
      { id: 3, length: 32_768 },
    ]);
    await move.untilTable('large', ({ ValidationState }) => ValidationState === 'Validated');
    const { log } = stage.aws.plane.dms.tasks.get(move.arn);
    expect(log.filter((line) => line.includes('truncated'))).toHaveLength(2);
  });

  it('is refused by an identity that is always generated, with every insert', async () => {
    expect(await rowsOf(databases.target, 'counted')).toEqual(['{"id": 1, "note": "changed"}']);
    expect(await exceptions('counted')).toEqual([expect.stringContaining('428C9')]);
  });

  it('carries no new column, no TRUNCATE and no changed primary key, and says nothing of it', async () => {
    expect(await rowsOf(databases.target, 'plain')).toEqual([
      '{"id": 1, "note": "one"}',
      '{"id": 3, "note": "three"}',
      '{"id": 4, "note": "four"}',
      '{"id": 5, "note": "last"}',
    ]);
    expect(await exceptions('plain')).toEqual([]);
  });

  it('validates what has a key, and names the rest', async () => {
    await move.untilTable('triggered', ({ ValidationState }) => ValidationState === 'Validated');
    expect(await move.table('keyless')).toMatchObject({ ValidationState: 'No primary key' });
    const mismatched = await move.untilTable('flags', ({ ValidationFailedRecords = 0 }) => ValidationFailedRecords > 0);
    expect(mismatched).toMatchObject({ ValidationState: 'Mismatched records', ValidationFailedRecords: 1 });
    const { rows } = await databases.target.query(
      'select "TABLE_NAME", "KEY", "FAILURE_TYPE" from awsdms_validation_failures_v1',
    );
    expect(rows).toContainEqual({ TABLE_NAME: 'flags', KEY: '["2"]', FAILURE_TYPE: 'MISSING_TARGET' });
  });

  it('leaves its slot while it is stopped, and takes it away when the task is deleted', async () => {
    const slots = async () =>
      (await databases.source.query('select from pg_replication_slots where database = current_database()')).rowCount;
    await move.stop();
    expect(await slots()).toBe(1);
    await stage.aws.plane.dms.tasks.delete(move.arn).settled;
    expect(await slots()).toBe(0);
  });

  async function exceptions(table: string): Promise<string[]> {
    const { rows } = await databases.target.query<{ ERROR: string }>(
      'select "ERROR" from awsdms_apply_exceptions where "TABLE_NAME" = $1',
      [table],
    );
    return rows.map(({ ERROR }) => ERROR);
  }
});

describe('a connection', () => {
  it('is tested by opening a session, is successful, and is forgotten on demand', async () => {
    const { arn } = stage.endpoint('source', 'postgres');
    expect(await stage.testConnection(arn)).toMatchObject({ Status: 'successful' });
    const route = { EndpointArn: arn, ReplicationInstanceArn: stage.instance.arn };
    await stage.client.send(new DeleteConnectionCommand(route));
    const Filters = [{ Name: 'endpoint-arn', Values: [arn] }];
    await expect(stage.client.send(new DescribeConnectionsCommand({ Filters }))).rejects.toMatchObject({
      name: 'ResourceNotFoundFault',
    });
  });

  it.each([
    ['a role that may not read the secret', { SecretsManagerAccessRoleArn: 'deaf' }, 'secretsmanager:DescribeSecret'],
    ['a role that does not trust DMS', { SecretsManagerAccessRoleArn: 'alien' }, 'does not allow dms.eu-central-1'],
    ['a secret without host and port', { SecretsManagerSecretId: 'managed' }, 'has no host'],
    ['a wrong password', { SecretsManagerSecretId: 'wrong' }, '28P01'],
    ['a host that nobody knows', { SecretsManagerSecretId: 'nowhere' }, 'could not translate host name'],
    ['a server of another name', { SecretsManagerSecretId: 'crossed' }, "does not match certificate's altnames"],
    ['a script that is refused', { AfterConnectScript: 'set wal_level = minimal' }, '55P02'],
    [
      'a session role that the user may not set',
      { SecretsManagerSecretId: 'plain', AfterConnectScript: "SET session_replication_role='replica'" },
      '42501',
    ],
  ])('fails over %s', async (_, settings, reason) => {
    await prepareFailures();
    const roles: Readonly<Record<string, string>> = {
      deaf: `arn:aws:iam::${ACCOUNT}:role/deaf`,
      alien: `arn:aws:iam::${ACCOUNT}:role/alien`,
    };
    const roleArn =
      'SecretsManagerAccessRoleArn' in settings ? roles[settings.SecretsManagerAccessRoleArn ?? ''] : SECRETS_ROLE;
    const { arn } = stage.endpoint('source', 'postgres', { ...settings, SecretsManagerAccessRoleArn: roleArn });
    const connection = await stage.testConnection(arn);
    expect(connection?.Status).toBe('failed');
    expect(connection?.LastFailureMessage).toContain(reason);
    expect(connection?.LastFailureMessage).not.toContain('password of nobody');
  });

  async function prepareFailures(): Promise<void> {
    const { secrets, rds } = stage.aws.plane;
    if (secrets.find('managed')) return;
    putRole(stage.iam, 'deaf', `dms.${REGION}.amazonaws.com`, []);
    putRole(stage.iam, 'alien', 'lambda.amazonaws.com', []);
    const { hostName: host, database } = rds.instances.get('source');
    const port = database?.endpointPort;
    const login = { username: 'dbadmin', password: 'password of nobody', host, port };
    await stage
      .server('source')
      .withAdmin('postgres', (admin) => admin.query("create role app login password 'of app'"));
    for (const [name, value] of Object.entries({
      managed: { username: 'dbadmin', password: 'password of nobody' },
      wrong: login,
      nowhere: { ...login, host: 'nowhere.example.test' },
      crossed: { ...login, host: rds.instances.get('target').hostName },
      plain: { ...login, username: 'app', password: 'of app' },
    })) {
      secrets.create({ name, value: JSON.stringify(value) });
    }
  }
});
