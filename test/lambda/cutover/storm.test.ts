/** A reconnect storm at the fence (fault 70), and what the fence leaves exactly as it was when it is lifted (fault 73). */
import { appendFile } from 'node:fs/promises';
import type { PostgresServer } from '../../../lib/rehearsal/servers/postgres-server';
import { catalogFacts } from '../seed/catalog-facts';
import { DATABASES, MASTER } from '../seed/stage';
import { fillApplication } from './application';
import { Rig } from './rig';
import { STORMER, Storm } from './storm';

/** Connected before the fence, and those that come besides when it falls. */
const BEFORE = 120;
const BESIDES = 200;

/** Databases that nobody moves: only what the fence may touch of them counts. */
const LEFT_OUT = ['never_granted', 'granted'];

/** Access lists that were never set beside those that say the same in full, limits, groups, and a role that owns what it writes. */
const ODDITIES = `
  create role ${STORMER} login connection limit 150;
  create role grouped login in role app_writer; create role limited login connection limit 0 valid until 'infinity';
  alter role grouped set statement_timeout = '1h';
  create database never_granted; create database granted connection limit 7;
  grant connect, temporary on database granted to public; grant connect on database app to ${STORMER};
  create schema if not exists owned authorization grouped`;

async function fill(source: PostgresServer): Promise<void> {
  await fillApplication(source);
  await source.withAdmin('postgres', async (session) => {
    for (const statement of ODDITIES.split(';')) await session.query(statement);
    if (source.major >= 16) {
      await session.query(
        `grant ${STORMER}, grouped, limited to ${MASTER.username} with admin option, inherit false, set false`,
      );
    }
    const { rows } = await session.query('show hba_file');
    await appendFile(rows[0].hba_file, `host all ${STORMER} 127.0.0.1/32 trust\n`);
    await session.query('select pg_reload_conf()');
  });
  await source.withAdmin('app', (session) => session.query(`grant insert on keyed to ${STORMER}`));
}

describe('hundreds of clients that come back at once', () => {
  let rig: Rig;
  let storm: Storm;
  beforeAll(async () => {
    rig = await Rig.start(17, fill);
    await rig.verify();
    storm = new Storm(rig.source.port);
    storm.add(BEFORE);
  });
  afterAll(async () => {
    await storm?.stop();
    await rig?.close();
  });

  /** The storm grows as the fence falls. */
  const growing = () => rig.untilStand('source', ({ phase }) => phase !== 'verified').then(() => storm.add(BESIDES));
  const written = async () => {
    const before = storm.seen.acknowledged.length;
    for (let look = 0; look < 600 && storm.seen.acknowledged.length < before + 200; look += 1) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect(storm.seen.acknowledged.length).toBeGreaterThanOrEqual(before + 200);
  };

  it('are given back to exactly as it was, and write on, when the cutover aborts behind the fence', async () => {
    await written();
    const before = await catalogFacts(rig.source, DATABASES);
    const databases = LEFT_OUT.map((name) => {
      return (before['postgres databases'] ?? []).find((row) => row.includes(`"${name}"`));
    });
    expect(databases).toEqual([
      expect.stringContaining('"acl":null'),
      expect.stringMatching(/"acl":"\{.*"datconnlimit":7/),
    ]);
    const fast = await rig.slow({ marker: 'fence' }, 4);
    const growth = growing();
    await expect(
      rig.cutover({ policy: { cutoverBudgetSeconds: 3, excludeDatabases: LEFT_OUT } }),
    ).rejects.toMatchObject({ name: 'CutoverAborted' });
    await growth;
    await fast();
    expect(await catalogFacts(rig.source, DATABASES)).toEqual(before);
    await written();
  });

  it('come to rest at the fence, lose no acknowledged write, and are accepted by the source never again', async () => {
    await rig.cutover({ policy: { excludeDatabases: LEFT_OUT } });
    const { acknowledged } = storm.seen;
    const atTheFlip = acknowledged.length;
    const refused = storm.seen.refused;
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(storm.seen.refused).toBeGreaterThan(refused);
    await storm.stop();
    expect(storm.seen.acknowledged).toHaveLength(atTheFlip);
    const there = await rig.target.withAdmin('app', (session) =>
      session.query<{ body: string }>(`select body from keyed where starts_with(body, 'storm ')`),
    );
    const kept = new Set(there.rows.map(({ body }) => body));
    expect(acknowledged.filter((row) => !kept.has(row))).toEqual([]);
  });
});
