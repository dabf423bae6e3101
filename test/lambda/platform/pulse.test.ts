import fc from 'fast-check';
import { Client } from 'pg';
import type { Server, Session } from '../../../lambda/platform/postgres';
import { calmPulseMs, Pulse, p99 } from '../../../lambda/platform/pulse';
import { Throttle } from '../../../lambda/platform/throttle';
import { PrunedSource } from '../prune/pruned-source';

jest.setTimeout(60_000);

describe('the slowest hundredth', () => {
  it('is the largest of few, and not one slow beat among two hundred', () => {
    expect(p99([])).toBe(0);
    expect(p99([3, 1, 2])).toBe(3);
    expect(p99([...Array.from({ length: 199 }, () => 1), 50])).toBe(1);
  });

  it('is one of the values, with at most a hundredth above it', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ noNaN: true }), { minLength: 1 }), (values) => {
        const found = p99(values);
        expect(values).toContain(found);
        expect(values.filter((value) => value > found).length).toBeLessThanOrEqual(values.length / 100);
      }),
    );
  });
});

describe('the pulse of a live server', () => {
  let source: PrunedSource;
  let server: Server<'source'>;
  let home: Session;
  let calmMs: number;

  beforeAll(async () => {
    source = await PrunedSource.start();
    await source.claim();
    server = source.stage.server('source', source.stage.source, source.stage.world('prune-rows', source.epoch));
    home = await server.home();
    calmMs = await calmPulseMs(home);
  });
  afterAll(async () => {
    await source.close();
  });

  const pause = async (ms: number): Promise<void> => {
    await new Promise((resolve) => setTimeout(resolve, ms));
  };

  it('is flushed to the WAL, as a commit of an application is', async () => {
    const flushed = `select pg_current_wal_flush_lsn()::text as lsn`;
    const pulse = await Pulse.start(server);
    const before = await home.one<{ lsn: string }>({ text: flushed });
    await pause(200);
    const after = await home.one<{ lsn: string }>({ text: flushed });
    await pulse.stop();
    expect(calmMs).toBeGreaterThan(0);
    expect(after.lsn).not.toBe(before.lsn);
  });

  it('makes a worker rest when commits take long and somebody is there to feel it', async () => {
    const throttle = await Throttle.start(server, calmMs);
    const application = new Client({
      host: '127.0.0.1',
      port: source.stage.source.port,
      database: 'app',
      user: 'app_writer',
      password: 'writer',
      ssl: { ca: source.stage.authority.caPem, servername: 'localhost' },
    });
    await application.connect();
    await source.stage.source.withAdmin('postgres', async (session) => {
      await session.query(`begin; select from sealift.work where queue = 'pulse' for update`);
      await pause(4 * Math.max(5, calmMs) + 200);
      await session.query('rollback');
      await pause(50);
      await application.query('select');
      expect(await throttle.rest(home)).toBeGreaterThan(0);
    });
    await application.end();
    await throttle.stop();
  });

  it('lets a worker go on when nobody is there', async () => {
    await pause(300);
    const throttle = await Throttle.start(server, 0);
    const ours = await server.another('postgres');
    await ours.transaction(async () => {
      await ours.query({ text: `select from sealift.work where queue = 'pulse' for update` });
      await pause(300);
    });
    await pause(50);
    expect(await throttle.rest(home)).toBe(0);
    await throttle.stop();
  });

  it('leaves no session behind when it is stopped, nor when its session is cut', async () => {
    const throttle = await Throttle.start(server, calmMs);
    await source.sql(
      `select pg_terminate_backend(pid) from pg_stat_activity where query like '%for key share%' and pid <> pg_backend_pid()`,
    );
    await throttle.stop();
    const left = await source.sql<{ count: string }>(
      `select count(*) from pg_stat_activity where query like '%for key share%' and pid <> pg_backend_pid()`,
    );
    expect(Number(left[0]?.count)).toBe(0);
  });
});
