import type { Client } from 'pg';
import { NotReady } from '../../../lambda/errors';
import { ChangeTap, openTap } from '../../../lambda/proof/change-tap';
import { budgetOf, keepBacklog, keepCollected, keepUntil, thinPendingKeys } from '../../../lambda/proof/keep-tap';
import { beginPendingKeys, readPendingKeys } from '../../../lambda/proof/pending-keys';
import { pinSettings } from '../../../lambda/proof/row-hash';
import { listTables, relationOf } from '../../../lambda/proof/tables';
import { MIGRATION_ID } from '../seed/stage';
import { type Followed, follow } from './followed';

const DATABASE = 'app';
const MARKER = { kind: 'verify', epoch: '1', execution: 'execution' };
const FOREVER = { assertTimeLeft: () => undefined };

let followed: Followed;
let close: () => Promise<void>;
let settling: Parameters<typeof keepBacklog>[0];
let reopen: () => Promise<ChangeTap>;

beforeAll(async () => {
  followed = await follow();
  const { stage, target } = followed;
  const world = stage.world('conclude-verification', followed.epoch);
  const server = stage.server('source', stage.source, world);
  const copy = stage.server('target', target, world);
  close = async () => {
    await Promise.all([server.close(), copy.close()]);
    await followed.close();
  };
  const pair = { source: await server.session(DATABASE), target: await copy.session(DATABASE) };
  await Promise.all([pinSettings(pair.source), pinSettings(pair.target)]);
  const tables = await listTables(pair.source);
  reopen = () => ChangeTap.follow(server, { database: DATABASE, migrationId: MIGRATION_ID, tables });
  await openTap(pair.source, MIGRATION_ID);
  await beginPendingKeys(pair.target);
  const byRelation = new Map(tables.map((table) => [relationOf(table), table]));
  settling = { pair, tap: await reopen(), tables: byRelation, marker: MARKER, barrierMs: 20_000 };
});
afterAll(() => close?.());

const onSource = (work: (session: Client) => Promise<unknown>) => followed.stage.source.withAdmin(DATABASE, work);
const onTarget = (work: (session: Client) => Promise<unknown>) =>
  followed.target.withAdmin(DATABASE, async (session) => {
    await session.query('set session_replication_role = replica');
    await work(session);
  });
const keyed = async () => {
  const kept = (await readPendingKeys(settling.pair.target)).entries();
  return [...(kept.find(({ relation }) => relation === '"public"."keyed"')?.keys ?? [])].sort();
};

describe('the taps of a long comparison', () => {
  it('keep every change outside of memory, and a reader that dies forgets none', async () => {
    await onSource((session) => session.query('update keyed set body = body where id between 1 and 300'));
    await keepBacklog(settling, FOREVER);
    expect(await keyed()).toHaveLength(300);

    await onSource((session) => session.query('update keyed set body = body where id between 301 and 400'));
    // Dies with what it has collected and not kept.
    await settling.tap.close();
    Object.assign(settling, { tap: await reopen() });
    await keepBacklog(settling, FOREVER);
    expect(await keyed()).toHaveLength(400);
  });

  it('let the slot forget what is kept, and nothing else', async () => {
    const confirmed = async () => {
      const { lsn } = await settling.pair.source.one<{ lsn: string }>({
        text: `select confirmed_flush_lsn::text as lsn from pg_replication_slots where slot_name ~ '_tap_'
          and database = current_database()`,
      });
      return lsn;
    };
    const before = await confirmed();
    await onSource((session) => session.query('update keyed set body = body where id = 5'));
    await settling.tap.close();
    Object.assign(settling, { tap: await reopen() });
    await keepBacklog(settling, FOREVER);
    await keepCollected(settling.tap, settling.pair.target);
    // The server notes the position when it reads the next status update.
    for (let look = 0; look < 200 && (await confirmed()) === before; look += 1) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(await confirmed()).not.toBe(before);
    expect(await keyed()).toContain('["5"]');
  });

  it('are kept while the comparison runs, whatever becomes of it', async () => {
    const before = (await keyed()).length;
    const comparing = (async () => {
      await onSource((session) => session.query('update keyed set body = body where id between 401 and 450'));
      await new Promise((resolve) => setTimeout(resolve, 1_500));
    })();
    await keepUntil(settling.tap, settling.pair.target, comparing);
    expect(await keyed()).toHaveLength(before + 50);
    await expect(
      keepUntil(settling.tap, settling.pair.target, Promise.reject(new Error('the comparison failed'))),
    ).rejects.toThrow('the comparison failed');
  });

  it('are thinned to what differs', async () => {
    await onTarget((session) => session.query("update keyed set body = 'different' where id in (7, 8)"));
    await onTarget((session) => session.query('delete from keyed where id = 9'));
    expect(await thinPendingKeys(settling, FOREVER)).toBeGreaterThanOrEqual(450);
    expect(await keyed()).toEqual(['["7"]', '["8"]', '["9"]']);
    await onSource((session) => session.query('update keyed set body = body where id = 10'));
    await keepBacklog(settling, FOREVER);
    expect(await keyed()).toEqual(['["10"]', '["7"]', '["8"]', '["9"]']);
  });

  it('keep a change that is committed between the comparison of its key and its removal', async () => {
    await onSource((session) => session.query('update keyed set body = body where id = 20'));
    await keepBacklog(settling, FOREVER);
    const { target } = settling.pair;
    const changedMeanwhile = Object.create(target, {
      execute: {
        value: async (statement: { text: string }) => {
          if (statement.text.startsWith('delete')) {
            await onSource((session) => session.query('update keyed set body = body where id = 20'));
          }
          return target.execute(statement);
        },
      },
    });
    await thinPendingKeys({ ...settling, pair: { ...settling.pair, target: changedMeanwhile } }, FOREVER);
    await keepBacklog(settling, FOREVER);
    expect(await keyed()).toContain('["20"]');
  });

  it('stop when the time of a call ends, and the next call goes on', async () => {
    await onSource((session) => session.query('update keyed set body = body where id between 1 and 50'));
    const over = budgetOf(() => 0, 1);
    await keepBacklog(settling, FOREVER);
    const kept = (await keyed()).length;
    await expect(thinPendingKeys(settling, over)).rejects.toThrow(NotReady);
    expect((await keyed()).length).toBeLessThan(kept);
  });
});
