import { Blocked, NotReady } from '../../../lambda/errors';
import { claimOn } from '../../../lambda/seed/claim';
import { prepareOn } from '../../../lambda/seed/prepare';
import { releaseOn } from '../../../lambda/seed/release';
import { INSTALLED_MAJORS } from '../../../lib/rehearsal/servers/binaries';
import { catalogFacts } from './catalog-facts';
import { DATABASES, EXECUTION, MIGRATION_ID, REPLICATION, Stage } from './stage';

const OTHER = EXECUTION.replace(/one$/, 'two');

describe.each(INSTALLED_MAJORS)('the source side on PostgreSQL %i', (major) => {
  let stage: Stage;

  beforeAll(async () => {
    stage = await Stage.start(major);
  });
  afterAll(() => stage.close());

  const claim = async (execution = EXECUTION, takeOver: string | null = null, mode: 'hold' | 'release' = 'hold') => {
    const world = stage.world('claim', '0', { execution });
    const source = stage.server('source', stage.source, world);
    try {
      return await claimOn(source, { execution, takeOver, mode, databases: DATABASES }, world);
    } finally {
      await source.close();
    }
  };
  const prepare = async (epoch: string, policy: object = {}) => {
    const world = stage.world('prepare', epoch, { policy });
    const source = stage.server('source', stage.source, world);
    try {
      return await prepareOn(source, DATABASES, REPLICATION, world);
    } finally {
      await source.close();
    }
  };
  const release = async (epoch: string | null, execution = EXECUTION) => {
    const world = stage.world('release', epoch ?? '0', { execution });
    const source = stage.server('source', stage.source, world);
    try {
      return await releaseOn(source, null, { execution, epoch, databases: DATABASES }, world);
    } finally {
      await source.close();
    }
  };
  const facts = () => catalogFacts(stage.source, DATABASES);

  it('does, does again, undoes and does: the catalogue is afterwards as it was before', async () => {
    const before = await facts();
    const first = await claim();
    expect(first.phase).toBe('assessed');
    expect(await claim()).toEqual(first);
    const slots = await prepare(first.epoch);
    expect(slots.slots.map((slot) => slot.database)).toEqual([...DATABASES]);
    const prepared = await facts();
    expect(prepared).not.toEqual(before);
    expect(await prepare(first.epoch)).toEqual(slots);
    const withoutPassword = (all: Record<string, string[]>) => ({ ...all, 'postgres roles': [] });
    expect(withoutPassword(await facts())).toEqual(withoutPassword(prepared));

    expect((await release(first.epoch)).outcome).toBe('released');
    expect(await facts()).toEqual(before);
    expect((await release(null)).outcome).toBe('released');
    expect(await facts()).toEqual(before);

    const again = await claim(OTHER);
    expect(BigInt(again.epoch) > BigInt(first.epoch) + 1n).toBe(true);
    await prepare(again.epoch);
    expect((await release(null)).outcome).toBe('refused');
    expect((await release(first.epoch)).outcome).toBe('refused');
    expect((await release(again.epoch, OTHER)).outcome).toBe('released');
    expect(await facts()).toEqual(before);
  });

  it('refuses a second execution and names the first, until it is freed or taken over', async () => {
    const held = await claim();
    await expect(claim(OTHER)).rejects.toThrow(Blocked);
    await expect(claim(OTHER)).rejects.toThrow(EXECUTION);
    await expect(claim(OTHER, 'arn:of:nobody')).rejects.toThrow(Blocked);
    const taken = await claim(OTHER, EXECUTION);
    expect(BigInt(taken.epoch)).toBe(BigInt(held.epoch) + 1n);
    await expect(prepare(held.epoch)).rejects.toThrow(Blocked);
    const freed = await claim(OTHER, null, 'release');
    expect(freed).toEqual({ ...taken, epoch: '0' });
    await expect(prepare(freed.epoch)).rejects.toThrow(Blocked);
    await expect(prepare(taken.epoch)).rejects.toThrow(Blocked);
    const next = await claim();
    expect(BigInt(next.epoch)).toBe(BigInt(taken.epoch) + 2n);
    await release(null);
  });

  it('names keyless tables and changes nothing when replica identities may not be set', async () => {
    const held = await claim();
    const before = await facts();
    await expect(prepare(held.epoch, { missingReplicaIdentity: 'block' })).rejects.toThrow(/"public"\."keyless"/);
    expect(await facts()).toEqual(before);
    await release(null);
  });

  it('leaves no slot while a long transaction writes, says who waits, and goes on when it ends', async () => {
    const held = await claim();
    const blocker = await stage.source.admin('app');
    await blocker.query('begin');
    await blocker.query('select txid_current()');
    const world = stage.world('prepare', held.epoch);
    const hurried = Object.assign(Object.create(world), { remainingMs: () => 0 });
    const source = stage.server('source', stage.source, world);
    const failure = await prepareOn(source, DATABASES, REPLICATION, hurried).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(NotReady);
    expect(String(failure)).toMatch(/has been open for \d+ s/);
    await source.close();
    await blocker.query('commit');
    await blocker.end();
    expect((await prepare(held.epoch)).slots).toHaveLength(DATABASES.length);
    await release(null);
  });

  it('converges when two calls prepare at once', async () => {
    const held = await claim();
    const eventually = async () => {
      for (let attempt = 1; ; attempt++) {
        try {
          return await prepare(held.epoch);
        } catch (error) {
          if (!(error instanceof NotReady) || attempt === 10) throw error;
          await new Promise((resolve) => setTimeout(resolve, Math.random() * 1_000));
        }
      }
    };
    const [left, right] = await Promise.all([eventually(), eventually()]);
    expect(left).toEqual(right);
    await release(null);
  });

  it('goes on with a release that died half-way', async () => {
    const before = await facts();
    const held = await claim();
    await prepare(held.epoch);
    // As if the process had ended between the databases: one is cleared, its ledger gone, the other untouched.
    await stage.source.withAdmin('app', async (session) => {
      const { rows } = await session.query('select pubname from pg_publication');
      for (const { pubname } of rows) await session.query(`drop publication ${pubname}`);
      await session.query('alter table keyless replica identity default; alter table nothing replica identity nothing');
      await session.query('alter table uniquely replica identity default; drop schema sealift cascade');
    });
    expect((await release(held.epoch)).outcome).toBe('released');
    expect(await facts()).toEqual(before);
  });

  it('heals a slot whose record was lost, and refuses one that is gone', async () => {
    const held = await claim();
    const { slots } = await prepare(held.epoch);
    const [slot] = slots;
    if (slot === undefined) throw new Error('no slot');
    await stage.source.withAdmin(slot.database, (session) =>
      session.query(`update sealift.migration set facts = facts - 'stream'`),
    );
    const healed = await prepare(held.epoch);
    expect(healed.slots.map(({ slot: name }) => name)).toEqual(slots.map(({ slot: name }) => name));
    await stage.source.withAdmin('postgres', (session) =>
      session.query('select pg_drop_replication_slot($1)', [slot.slot]),
    );
    await expect(prepare(held.epoch)).rejects.toThrow(/is gone since it was made/);
    await release(null);
  });

  it('refuses foreign objects that carry our names', async () => {
    const before = await facts();
    const held = await claim();
    await stage.source.withAdmin('postgres', (session) => session.query(`create role ${REPLICATION.username}`));
    await expect(prepare(held.epoch)).rejects.toThrow(/is not ours/);
    await stage.source.withAdmin('postgres', (session) => session.query(`drop role ${REPLICATION.username}`));
    await release(null);
    expect(await facts()).toEqual(before);
  });

  it('refuses to release a source whose target is in use or that stands fenced', async () => {
    for (const phase of ['flipped', 'live', 'fenced']) {
      const held = await claim();
      const move = (to: string) =>
        stage.source.withAdmin('postgres', (session) =>
          session.query('update sealift.migration set phase = $1 where migration_id = $2', [to, MIGRATION_ID]),
        );
      await move(phase);
      expect((await release(held.epoch)).outcome).toBe('refused');
      await move('assessed');
      await release(null);
    }
  });

  it('keeps a slot of a migration whose id begins like ours', async () => {
    const foreign = `sealift_${MIGRATION_ID}_b_01234567`;
    await stage.source.withAdmin('app', (session) =>
      session.query(`select pg_create_logical_replication_slot($1, 'pgoutput')`, [foreign]),
    );
    await release(null);
    await stage.source.withAdmin('app', async (session) => {
      const { rowCount } = await session.query('select pg_drop_replication_slot($1)', [foreign]);
      expect(rowCount).toBe(1);
    });
  });
});
