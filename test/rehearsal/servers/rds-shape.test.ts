import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from 'pg';
import type { PostgresServer } from '../../../lib/rehearsal/servers/postgres-server';
import { startRdsHooks } from '../../../lib/rehearsal/servers/rds-hooks';
import { installSeedFunction, setMasterPassword, shapeAsRds } from '../../../lib/rehearsal/servers/rds-shape';
import { connect, type RehearsedRun, startRun } from './rehearsed-run';

const MASTER = { masterUsername: 'Odd "master"', masterPassword: "it's \\ a secret" };
const asMaster = { user: MASTER.masterUsername, password: MASTER.masterPassword };

let rehearsed: RehearsedRun;
beforeAll(async () => {
  rehearsed = await startRun();
});
afterAll(() => rehearsed.run.stopAll());

describe.each([17, 15])('PostgreSQL %i shaped as RDS', (major) => {
  let server: PostgresServer;
  let master: Client;
  beforeAll(async () => {
    server = await rehearsed.create(major, { log_statement: 'all' });
    await server.start();
    await shapeAsRds(server, MASTER);
    master = await connect(server, asMaster);
  });
  afterAll(() => master.end());

  test('has a master that is a superuser only where CREATE SUBSCRIPTION needs one', async () => {
    const result = await master.query('select rolsuper, rolcreaterole, rolcreatedb from pg_roles where rolname = user');
    expect(result.rows).toEqual([{ rolsuper: major < 16, rolcreaterole: true, rolcreatedb: true }]);
  });

  test('keeps rdsadmin to itself', async () => {
    const asAdmin = { user: 'rdsadmin', password: MASTER.masterPassword };
    await expect(connect(server, asAdmin)).rejects.toMatchObject({ code: '28P01' });
    if (major < 16) return;
    await expect(connect(server, { ...asMaster, database: 'rdsadmin' })).rejects.toMatchObject({ code: '42501' });
    await expect(master.query("alter role rdsadmin password 'x'")).rejects.toMatchObject({ code: '42501' });
    await expect(master.query('select rolpassword from pg_authid')).rejects.toMatchObject({ code: '42501' });
  });

  test('lets the master make roles, databases, schemas, publications, slots and subscriptions, and take them back', async () => {
    await master.query('create role worker login');
    await master.query('grant worker to current_user');
    await master.query('create database shop owner worker');
    const shop = await connect(server, { ...asMaster, database: 'shop' });
    await shop.query('create schema sealift; create table sealift.t (id int primary key)');
    await shop.query('create publication p for table sealift.t');
    await shop.query("select pg_create_logical_replication_slot('s', 'pgoutput')");
    await shop.query(`create subscription sub connection 'host=127.0.0.1 port=1 dbname=shop password=x' publication p
      with (connect = false, enabled = false, create_slot = false, slot_name = 's')`);
    await shop.query("select pg_replication_origin_advance('pg_' || oid, '0/1234') from pg_subscription");
    const progress = await shop.query('select remote_lsn::text from pg_replication_origin_status');
    expect(progress.rows).toEqual([{ remote_lsn: '0/1234' }]);
    await shop.query('alter subscription sub set (slot_name = none)');
    await shop.query('drop subscription sub');
    await shop.query("select pg_drop_replication_slot('s')");
    await shop.query('set session_replication_role = replica');
    await shop.end();
    await master.query('drop database shop');
    await master.query('drop role worker');
  });

  test('lets the master use origins in a database made from template0 too', async () => {
    await master.query('create database plain template template0');
    const plain = await connect(server, { ...asMaster, database: 'plain' });
    const result = await plain.query(
      "select has_function_privilege('pg_replication_origin_advance(text, pg_lsn)', 'execute') as may",
    );
    await plain.end();
    await master.query('drop database plain');
    expect(result.rows).toEqual([{ may: true }]);
    const template = await master.query("select datallowconn from pg_database where datname = 'template0'");
    expect(template.rows).toEqual([{ datallowconn: false }]);
  });

  test('lets members of rds_replication stream, and nobody else', async () => {
    const stopHooks = startRdsHooks(server, 20);
    try {
      await master.query("create role member login password 'm'; create role outsider login password 'o'");
      await master.query('create role go_between; grant rds_replication to go_between; grant go_between to member');
      await untilReplication(master, 'member');
      expect(await identify(server, 'member', 'm')).toHaveProperty('systemid');
      await expect(identify(server, 'outsider', 'o')).rejects.toMatchObject({ code: '42501' });
      await server.stop();
      await server.start();
      master = await connect(server, asMaster);
      await master.query("create role late login password 'l' in role rds_replication");
      await untilReplication(master, 'late');
    } finally {
      await stopHooks();
    }
  });

  test('answers the seed LSN to the master', async () => {
    await installSeedFunction(server, '1A/2B3C4D5E');
    const result = await master.query('select rds_tools.logical_seed_lsn()::text as lsn');
    expect(result.rows).toEqual([{ lsn: '1A/2B3C4D5E' }]);
    await expect(installSeedFunction(server, "'; drop role x")).rejects.toThrow('is no LSN');
  });

  test('changes the master password without writing it into a log', async () => {
    await setMasterPassword(server, MASTER.masterUsername, 'brand new secret');
    await expect(connect(server, asMaster)).rejects.toMatchObject({ code: '28P01' });
    const client = await connect(server, { ...asMaster, password: 'brand new secret' });
    await client.end();
    const log = await readFile(server.logPath, 'utf8');
    const found = ['create database rdsadmin', 'brand new secret', 'a secret'].filter((text) => log.includes(text));
    expect(found).toEqual(['create database rdsadmin']);
  });
});

async function untilReplication(session: Client, role: string): Promise<void> {
  for (let mayStream = false; !mayStream; await sleep(10)) {
    const result = await session.query('select from pg_roles where rolname = $1 and rolreplication', [role]);
    mayStream = result.rowCount === 1;
  }
}

/** Opens a walsender session and asks for the system's identity. */
async function identify(server: PostgresServer, user: string, password: string): Promise<unknown> {
  const config = { user, password, replication: 'database' };
  const client = await connect(server, config);
  try {
    return (await client.query('IDENTIFY_SYSTEM')).rows[0];
  } finally {
    await client.end();
  }
}
