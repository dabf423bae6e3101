/** Large objects, which no stream carries: what changed since the copy was made is on the target when it goes live. */
import type { PostgresServer } from '../../../lib/rehearsal/servers/postgres-server';
import { connect, fillApplication } from './application';
import { Rig } from './rig';

/** More than one piece of the comparison, and no multiple of it. */
const LARGE = 9 * 2 ** 20 + 17;

/** Changed, cut short, grown over a piece, made, gone, given to another, granted, revoked; and a thousand that stay. */
const CHANGES = `
  select lo_put(7001, 3, 'changed');
  select lo_truncate(lo_open(7002, 131072), 2);
  select lo_put(7003, ${LARGE - 3}, 'end');
  select lo_from_bytea(8001, 'new'); alter large object 8001 owner to "Odd Owner";
  select lo_create(8002); alter large object 8002 owner to app_owner;
  select lo_unlink(7004);
  alter large object 7005 owner to "Odd Owner";
  grant select on large object 7006 to public; grant update on large object 7006 to app_writer with grant option;
  revoke update on large object 7007 from app_owner`;

async function fill(source: PostgresServer): Promise<void> {
  await fillApplication(source);
  await source.withAdmin('app', (session) =>
    session.query(`select lo_from_bytea(7000 + n, repeat('x', n)::bytea) from generate_series(1, 1000) n;
      do $$ begin for n in 1..1000 loop execute format('alter large object %s owner to app_owner', 7000 + n); end loop; end $$;
      grant select, update on large object 7999 to app_writer`),
  );
}

const contents = (server: PostgresServer) =>
  server.withAdmin('app', async (session) => {
    const { rows } =
      await session.query(`select oid::text, pg_get_userbyid(lomowner) as owner, md5(lo_get(oid)) as content,
        (select array_agg(item::text order by item::text) from unnest(coalesce(lomacl, acldefault('L', lomowner))) item) as acl
      from pg_largeobject_metadata order by oid`);
    return rows;
  });

describe('large objects', () => {
  let rig: Rig;
  beforeAll(async () => {
    rig = await Rig.start(17, fill);
    await rig.verify();
  });
  afterAll(() => rig?.close());

  it('are refused by name when not even their owner may read them, before anything is fenced', async () => {
    const change = (text: string) => rig.source.withAdmin('app', (session) => session.query(text));
    await change('revoke select on large object 7008 from app_owner');
    await expect(rig.cutover({ policy: { largeObjects: 'copy' } })).rejects.toMatchObject({
      name: 'Blocked',
      message: expect.stringMatching(/7008 of app_owner/),
    });
    await change('grant select on large object 7008 to app_owner');
    expect(await rig.logins('source')).toContain('app_writer');
  });

  it('are on the target with content, owner and access list, the last acknowledged write among them', async () => {
    await rig.source.withAdmin('app', (session) => session.query(CHANGES));
    const writer = await connect(rig, rig.source.port);
    let acknowledged = 0;
    const writing = (async () => {
      for (let n = 1; ; n += 1) {
        await writer.query('select lo_put(7999, 0, $1)', [Buffer.from(String(n).padStart(12, '0'))]);
        acknowledged = n;
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    })().catch(() => undefined);
    const { prediction } = await rig.cutover({ policy: { largeObjects: 'copy' } });
    await writing;
    await writer.end().catch(() => undefined);
    expect(prediction?.basis).toMatch(/1001 large objects/);
    const there = await contents(rig.target);
    expect(there).toHaveLength(1_001);
    expect(there).toEqual(await contents(rig.source));
    const last = await rig.target.withAdmin('app', (session) =>
      session.query(`select convert_from(lo_get(7999, 0, 12), 'utf8') as text`),
    );
    expect(Number(last.rows[0].text)).toBeGreaterThanOrEqual(acknowledged);
    expect(acknowledged).toBeGreaterThan(0);
  });
});
