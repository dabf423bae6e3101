import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Ward } from './ward';

const MARK = 'a value whose length will lie ';

/** Makes one inline value say that it is 300 MB long: reading it runs out of the shared memory and ends the server. */
async function damageLength(ward: Ward): Promise<void> {
  const [found] = await ward.rows<{ path: string }>(`select pg_relation_filepath('lengths') as path`);
  await ward.rows('checkpoint');
  await ward.source.stop();
  const path = join(ward.source.dataDirectory, found?.path ?? '');
  const at = (await readFile(path)).indexOf(MARK);
  const length = Buffer.alloc(4);
  length.writeUInt32LE((300 * 2 ** 20) << 2);
  const file = await open(path, 'r+');
  await file.write(length, 0, 4, at - 4);
  await file.close();
  await ward.source.start();
}

describe('a length that lies', () => {
  let ward: Ward;
  beforeAll(async () => {
    // As on a server without checksums, which would have told the damage before the value is looked at.
    ward = await Ward.start(17, { ignore_checksum_failure: 'on' });
    await ward.source.withAdmin('app', (session) =>
      session.query(`create table lengths (id int primary key, body text);
        alter table lengths alter column body set storage plain;
        insert into lengths select n, '${MARK}' || repeat('x', 200) from generate_series(1, 20) n;
        alter table lengths owner to app_owner`),
    );
    await damageLength(ward);
  });
  afterAll(() => ward?.close());

  it('ends the server twice at most where amcheck is missing, and the table is named', async () => {
    await ward.plan();
    const ended: string[] = [];
    // The machine asks again; every call either ends with the server or does all that is left.
    for (let call = 0; call < 5; call += 1) {
      const failure = await ward.scan().then(
        () => null,
        (error: Error) => error.name,
      );
      if (failure === null) break;
      ended.push(failure);
    }
    expect(ended).toEqual(['NotReady', 'NotReady']);
    const conclusion = await ward.conclude();
    expect(conclusion.verdict).toBe('blocked');
    expect(conclusion.detail).toContain('"public"."lengths"');
  });

  it('is not read at all where amcheck warns of it, and every other row is', async () => {
    await ward.rows('create extension amcheck; grant execute on all functions in schema public to rds_superuser');
    await ward.claim('warned', 'arn:aws:states:eu-central-1:111122223333:execution:migrate:one');
    const conclusion = await ward.run();
    expect(conclusion.verdict).toBe('blocked');
    expect(conclusion.detail).toContain('places that are unsafe to read');
    const evidence = JSON.stringify(ward.kept.at(-1)?.content);
    expect(evidence).toContain('"name":"\\"public\\".\\"lengths\\"","rows":19');
    expect(evidence).toContain('its table is unsafe to read');
  });
});
