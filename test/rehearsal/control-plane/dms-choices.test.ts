import { ReloadTablesCommand } from '@aws-sdk/client-database-migration-service';
import { type Databases, DmsStage, FAITHFUL, mappings, rowsOf, untilEqual } from './support/dms-stage';
import { eventually } from './support/local-aws';

let stage: DmsStage;

beforeAll(async () => {
  stage = await DmsStage.start();
}, 60_000);

afterAll(async () => {
  await stage?.close();
});

const FAMILY = `
  create table parents (id int primary key, note varchar(20));
  create table children (id int primary key, parent int references parents);`;

describe('the preparation of the target', () => {
  it('is refused by foreign keys when it truncates, though the session is a replica, and works without them', async () => {
    const databases = await stage.databases(FAMILY);
    await databases.source.query("insert into parents values (1, 'one'); insert into children values (1, 1)");
    await databases.target.query("insert into parents values (9, 'stray'); insert into children values (9, 9)");
    const settings = { FullLoadSettings: { TargetTablePrepMode: 'TRUNCATE_BEFORE_LOAD' } };
    const move = await stage.move(databases, { ...FAITHFUL, type: 'full-load', settings });
    await move.start();
    const ended = await move.until('stopped');
    expect(ended.StopReason).toBe('Stop Reason FULL_LOAD_ONLY_FINISHED');
    expect(await move.table('parents')).toMatchObject({ TableState: 'Table error' });
    expect(stage.aws.plane.dms.tasks.get(move.arn).log.join()).toContain('0A000');
    expect(await rowsOf(databases.target, 'children')).toEqual(['{"id": 1, "parent": 1}']);
    await expect(move.start()).rejects.toMatchObject({
      name: 'InvalidParameterCombinationException',
      message: 'Start Type : START_REPLICATION, valid only for tasks running for the first time',
    });
    await move.start('resume-processing');
    await move.until('stopped');
    expect(await move.table('parents')).toMatchObject({ TableState: 'Table error' });
    await databases.target.query('alter table children drop constraint children_parent_fkey');
    await move.start('reload-target');
    await move.until('stopped');
    expect(await rowsOf(databases.target, 'parents')).toEqual(['{"id": 1, "note": "one"}']);
  });

  it('wipes the target on reload-target, whatever the preparation says', async () => {
    const databases = await stage.databases('create table plain (id int primary key)');
    await databases.source.query('insert into plain values (1)');
    const move = await stage.move(databases, { ...FAITHFUL, type: 'full-load' });
    await move.start();
    await move.until('stopped');
    await databases.target.query('insert into plain values (2)');
    await move.start('reload-target');
    await move.until('stopped');
    expect(await rowsOf(databases.target, 'plain')).toEqual(['{"id": 1}']);
  });

  it('loads every row twice when a partitioned table and its partitions are both selected', async () => {
    const databases = await stage.databases(
      'create table parted (id int) partition by range (id); create table part partition of parted for values from (0) to (9)',
    );
    await databases.source.query('insert into parted values (1)');
    const twice = await stage.move(databases, { ...FAITHFUL, type: 'full-load' });
    await twice.start();
    await twice.until('stopped');
    expect(await rowsOf(databases.target, 'parted')).toEqual(['{"id": 1}', '{"id": 1}']);
    await databases.target.query('truncate parted');
    const leaf = mappings({ schema: 'public', table: 'part' });
    const once = await stage.move(databases, { ...FAITHFUL, type: 'full-load', mappings: leaf });
    await once.start();
    await once.until('stopped');
    expect(await rowsOf(databases.target, 'parted')).toEqual(['{"id": 1}']);
  });
});

describe('large values', () => {
  const LARGE =
    'create table large (id int primary key, body bytea, doc jsonb); create table keyless (id int, note text);';
  const fill = "insert into large select 1, convert_to(repeat('b', 5000), 'UTF8'), to_jsonb(repeat('j', 5000))";

  it('arrive whole in full mode, and not at all without a key', async () => {
    const databases = await stage.databases(LARGE);
    await databases.source.query(`${fill}; insert into keyless values (1, 'note')`);
    const settings = {
      TargetMetadata: { FullLobMode: true, LobChunkSize: 64, LimitedSizeLobMode: false, InlineLobMaxSize: 0 },
    };
    const move = await stage.move(databases, { ...FAITHFUL, type: 'full-load', settings });
    await move.start();
    await move.until('stopped');
    await untilEqual(databases, 'large');
    expect(await rowsOf(databases.target, 'keyless')).toEqual(['{"id": 1, "note": null}']);
  });

  it('fail the task instead of being cut when the endpoint says so', async () => {
    const databases = await stage.databases(LARGE);
    await databases.source.query(fill);
    const settings = { TargetMetadata: { LimitedSizeLobMode: true, LobMaxSize: 1 } };
    const target = { ...FAITHFUL.target, FailTasksOnLobTruncation: true };
    const move = await stage.move(databases, { ...FAITHFUL, type: 'full-load', settings, target });
    await move.start();
    expect(await move.until('failed')).toMatchObject({
      StopReason: 'Stop Reason FATAL_ERROR',
      LastFailureMessage: expect.stringContaining("'public'.'large' is larger than 1 KB"),
    });
  });

  it('puts the table in error when what is left of a document is none any more', async () => {
    const databases = await stage.databases(LARGE);
    await databases.source.query(fill);
    const settings = { TargetMetadata: { LimitedSizeLobMode: true, LobMaxSize: 1 } };
    const move = await stage.move(databases, { ...FAITHFUL, type: 'full-load', settings });
    await move.start();
    await move.until('stopped');
    expect(await move.table('large')).toMatchObject({ TableState: 'Table error' });
  });
});

describe('rows that are on the target already, or not', () => {
  const PLAIN = 'create table plain (id int primary key, note varchar(20)); create table last (id int primary key)';

  async function withPolicies(policies: object) {
    const databases = await stage.databases(PLAIN);
    await databases.source.query("insert into plain values (1, 'one'), (2, 'two')");
    const move = await stage.move(databases, { ...FAITHFUL, settings: { ErrorBehavior: policies, ...CONTROL } });
    await move.start();
    for (const table of ['plain', 'last'])
      await move.untilTable(table, ({ TableState }) => TableState === 'Table completed');
    await databases.target.query("delete from plain where id = 2; insert into plain values (3, 'stray')");
    await databases.source.query(
      "insert into plain values (3, 'three'); update plain set note = 'changed' where id = 2; delete from plain where id = 2",
    );
    await databases.source.query('insert into last values (1)');
    return { databases, move };
  }

  const CONTROL = { ControlTablesSettings: { ControlSchema: 'awsdms_control' } };

  it('are written down and passed over', async () => {
    const { databases, move } = await withPolicies({});
    await untilEqual(databases, 'last');
    const { rows } = await databases.target.query(
      'select "TABLE_NAME" as name, split_part("STATEMENT", \' \', 1) as verb, "ERROR" as error from awsdms_control.awsdms_apply_exceptions',
    );
    expect(rows).toEqual([
      { name: 'plain', verb: 'insert', error: expect.stringContaining('23505') },
      { name: 'plain', verb: 'update', error: expect.stringContaining('0 rows affected') },
    ]);
    expect(await move.table('plain')).toMatchObject({ Inserts: 1, AppliedInserts: 0, TableState: 'Table completed' });
    await move.stop();
  });

  it('suspend their table, or end the task, when the settings say so', async () => {
    const suspending = await withPolicies({ ApplyErrorInsertPolicy: 'SUSPEND_TABLE' });
    await untilEqual(suspending.databases, 'last');
    expect(await suspending.move.table('plain')).toMatchObject({ TableState: 'Table error' });
    await suspending.move.stop();
    const { move } = await withPolicies({ ApplyErrorInsertPolicy: 'STOP_TASK' });
    const failed = await move.until('failed');
    expect(failed.LastFailureMessage).toContain('insert on public.plain failed');
  });

  it('are put right by a reload of the table, with what was written meanwhile', async () => {
    const { databases, move } = await withPolicies({});
    await untilEqual(databases, 'last');
    const TablesToReload = [{ SchemaName: 'public', TableName: 'plain' }];
    await stage.client.send(new ReloadTablesCommand({ ReplicationTaskArn: move.arn, TablesToReload }));
    await databases.source.query("insert into plain values (4, 'four')");
    await untilEqual(databases, 'plain');
    const { FullLoadReloaded } = await move.untilTable('plain', ({ TableState }) => TableState === 'Table completed');
    expect(FullLoadReloaded).toBe(true);
    await move.stop();
  });
});

describe('changes only', () => {
  async function seeded(): Promise<{ databases: Databases; slot: string; seedLsn: string }> {
    const databases = await stage.databases('create table plain (id int primary key)');
    const slot = `${databases.name}_slot`;
    await databases.source.query("select pg_create_logical_replication_slot($1, 'test_decoding')", [slot]);
    await databases.source.query('insert into plain values (1)');
    const { rows } = await databases.source.query('select pg_current_wal_insert_lsn()::text as lsn');
    await databases.target.query('insert into plain values (1)');
    await databases.source.query('insert into plain values (2)');
    return { databases, slot, seedLsn: rows[0].lsn };
  }

  it('begin behind the position, in a slot made beforehand, and go on behind a broken connection with nothing doubled', async () => {
    const { databases, slot, seedLsn } = await seeded();
    const source = { ...FAITHFUL.source, SlotName: slot, HeartbeatEnable: true };
    const move = await stage.move(databases, { ...FAITHFUL, source, type: 'cdc', cdcStartPosition: seedLsn });
    await move.start();
    await untilEqual(databases, 'plain');
    const name = 'AWS DMS task%';
    for (const side of ['source', 'target'] as const) {
      await stage
        .server(side)
        .withAdmin(databases.name, (admin) =>
          admin.query('select pg_terminate_backend(pid) from pg_stat_activity where application_name like $1', [name]),
        );
      await databases.source.query('insert into plain select max(id) + 1 from plain');
      await untilEqual(databases, 'plain');
    }
    await move.untilTable('plain', ({ AppliedInserts }) => AppliedInserts === 3);
    expect(await rowsOf(databases.target, 'awsdms_apply_exceptions')).toEqual([]);
    expect(await rowsOf(databases.source, 'awsdms_heartbeat')).toHaveLength(1);
    expect((await move.describe()).Status).toBe('running');
    await move.stop();
    // A restart, which is no resumption, makes the slot anew: what the position asks for is gone.
    await move.start('start-replication', { CdcStartPosition: seedLsn });
    expect((await move.until('failed')).LastFailureMessage).toContain(`CdcStartPosition ${seedLsn} is older`);
    await expect(move.start('reload-target')).rejects.toMatchObject({ name: 'InvalidParameterCombinationException' });
  });

  it.each([
    ['without a position', { slotName: true, position: false }, 'has no CdcStartPosition'],
    ['with a position older than the slot', { slotName: true, position: true }, 'is older than the confirmed position'],
    ['with a slot that is not there', { slotName: false, position: true }, 'does not exist in this database'],
  ])('fail %s', async (_, { slotName, position }, reason) => {
    const { databases, slot, seedLsn } = await seeded();
    const source = { ...FAITHFUL.source, SlotName: slotName ? slot : 'gone' };
    await databases.source.query('select pg_replication_slot_advance($1, pg_current_wal_lsn())', [slot]);
    const start = position ? { cdcStartPosition: seedLsn } : {};
    const move = await stage.move(databases, { ...FAITHFUL, source, type: 'cdc', ...start });
    await move.start();
    expect((await move.until('failed')).LastFailureMessage).toContain(reason);
  });

  it('stop at a commit time, before the first transaction behind it', async () => {
    const databases = await stage.databases('create table plain (id int primary key)');
    const move = await stage.move(databases, {
      ...FAITHFUL,
      settings: { TargetMetadata: { TaskRecoveryTableEnabled: true } },
    });
    const stopAt = new Date(Math.ceil(Date.now() / 1_000) * 1_000 + 1_000);
    await move.start('start-replication', { CdcStopPosition: `commit_time:${stopAt.toISOString().slice(0, 19)}` });
    await databases.source.query('insert into plain values (1)');
    await untilEqual(databases, 'plain');
    await eventually(async () => (Date.now() > stopAt.getTime() ? true : undefined));
    await databases.source.query('insert into plain values (2)');
    expect((await move.until('stopped')).StopReason).toBe('Stop Reason STOPPED_AT_COMMIT_TIME');
    expect(await rowsOf(databases.target, 'plain')).toEqual(['{"id": 1}']);
  });
});

describe('names and values of every kind', () => {
  it('arrive as they are, loaded or changed', async () => {
    const table = '"Od.d ""Ta]ble$"';
    const databases = await stage.databases(
      `create domain short as varchar(5);
       create table ${table} ("Key 1" uuid, "select" short, "b""it" bit(3), "var" varbit, "a[1]" int[], "t'ext" text[],
         doc json, xml xml, bytes bytea, number numeric, real float8, "day" date, span interval, at time with time zone,
         letter "char", place point, tag varchar(3)[], oid oid, primary key ("Key 1", "select"))`,
    );
    const values = (key: number, mark: string) =>
      `('00000000-0000-0000-0000-00000000000${key}', 'it''s', '101', '1', '{{1,null},{3,4}}', '{"a ]b","c\\"d''","null",null}',
        '{"a" : "${mark}\\u0041"}', '<a b="''">new-tuple: x[int]:1</a>', '\\x00ff27', 'NaN', '-Infinity', '0044-03-15 BC',
        '1 year -2 days 03:04:05.678', '12:34:56.789+02', '''', '(1.5,-2)', '{"x y","''"}', 4294967295)`;
    await databases.source.query(`insert into ${table} values ${values(1, 'loaded')}`);
    const settings = { ...FAITHFUL.settings, ValidationSettings: { EnableValidation: true } };
    const move = await stage.move(databases, { ...FAITHFUL, settings });
    await move.start();
    await databases.source.query(
      `insert into ${table} values ${values(2, 'made')}, ${values(3, 'gone')};
       update ${table} set number = 1e-30, "t'ext" = null, place = null where "Key 1"::text like '%2';
       delete from ${table} where "Key 1"::text like '%3'`,
    );
    const rows = await eventually(async () => {
      const equal = await untilEqual(databases, table);
      return equal.length === 2 ? equal : undefined;
    });
    expect(rows.join()).toContain('"number": 0.000000000000000000000000000001');
    await move.untilTable('Od.d "Ta]ble$', ({ ValidationState }) => ValidationState === 'Validated');
    await move.stop();
  });
});

describe('a task that was stopped before it ran', () => {
  it('begins when it is resumed', async () => {
    const databases = await stage.databases('create table plain (id int primary key)');
    await databases.source.query('insert into plain values (1)');
    const move = await stage.move(databases, FAITHFUL);
    stage.aws.plane.dms.tasks.start(move.arn, 'start-replication');
    await move.stop();
    await move.start('resume-processing');
    await databases.source.query('insert into plain values (2)');
    await move.untilTable('plain', ({ AppliedInserts = 0, FullLoadRows = 0 }) => AppliedInserts + FullLoadRows === 2);
    await untilEqual(databases, 'plain');
    await move.stop();
  });
});

describe('the end of the control plane', () => {
  it('ends every task, and leaves no session behind', async () => {
    const databases = await stage.databases('create table plain (id int primary key)');
    const settings = { ValidationSettings: { EnableValidation: true } };
    const source = { ...FAITHFUL.source, HeartbeatEnable: true };
    const move = await stage.move(databases, { ...FAITHFUL, settings, source });
    await move.start();
    const sessions = () =>
      Promise.all(
        [databases.source, databases.target].map(async (client) => {
          const like = "select from pg_stat_activity where application_name like 'AWS DMS%'";
          return (await client.query(like)).rowCount ?? 0;
        }),
      );
    await eventually(async () => ((await sessions()).every((count) => count > 0) ? true : undefined));
    await stage.closeAws();
    await eventually(async () => ((await sessions()).every((count) => count === 0) ? true : undefined));
    expect(stage.aws.plane.dms.tasks.get(move.arn).status).toBe('stopped');
  });
});
