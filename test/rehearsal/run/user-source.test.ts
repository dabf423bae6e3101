import { readCommand } from '../../../lib/rehearsal/run/arguments';
import { findPassword, parseSource, passwordIn } from '../../../lib/rehearsal/run/user-source';

const SOURCE = { host: 'localhost', port: 5433, user: 'me' };

test('a URL names host, port, user and database; a list of databases comes before it', () => {
  const url = 'postgresql://me:p%40ss@localhost:5433/shop';
  expect(parseSource(url, [])).toEqual({ ...SOURCE, password: 'p@ss', databases: ['shop'] });
  expect(parseSource(url, ['a', 'b'])).toMatchObject({ databases: ['a', 'b'] });
  expect(parseSource('postgres://me@[::1]', [])).toMatchObject({ host: '::1', port: 5432, databases: [] });
  expect(parseSource('postgres://me@db.example.com/shop?sslmode=disable', [])).toMatchObject({ password: null });
});

test.each([
  ['no URL', 'me@localhost'],
  ['another scheme', 'mysql://me:secret@localhost/x'],
  ['no user', 'postgres://localhost/x'],
  ['TLS that a door would end', 'postgres://me:secret@localhost/x?sslmode=verify-full'],
  ['another machine in the clear without a word', 'postgres://me:secret@db.example.com/x'],
])('is refused: %s, and its password is not repeated', (_title, url) => {
  const command = readCommand(['--source', url]);
  expect(command).toMatchObject({ kind: 'wrong', problem: expect.stringContaining('--source') });
  expect(JSON.stringify(command)).not.toContain('secret');
});

test.each([
  ['*:*:*:me:one', 'one'],
  ['# a remark\nother:*:*:me:no\nlocalhost:5433:shop:me:two', 'two'],
  ['localhost:5433:*:me:with\\:colon\\\\', 'with:colon\\'],
  ['localhost:5432:*:me:no', null],
  ['localhost:5433:*:you:no', null],
  ['', null],
])('the password file %j gives %j', (text, password) => {
  expect(passwordIn(text, SOURCE)).toBe(password);
});

test('PGPASSWORD stands behind the URL and before the file', async () => {
  const env = { PGPASSWORD: 'of the environment', PGPASSFILE: '/nonexistent' };
  expect(await findPassword({ ...SOURCE, password: 'of the URL', databases: [] }, env)).toBe('of the URL');
  expect(await findPassword({ ...SOURCE, password: null, databases: [] }, env)).toBe('of the environment');
  expect(await findPassword({ ...SOURCE, password: null, databases: [] }, { PGPASSFILE: '/nonexistent' })).toBeNull();
});

test('stops before the cutover, writes nothing, and takes no flag that would', () => {
  const url = 'postgres://me@localhost/shop';
  expect(readCommand(['--source', url, '--target-version', '18', '--yes'])).toMatchObject({
    kind: 'rehearse',
    options: { road: 'copy', sourceKind: 'server', writers: 0, stopAfter: 'replicate', rollback: false },
    targetVersion: 18,
    yes: true,
  });
  for (const flags of ['--writers 4', '--damage', '--stop-after cutover', '--rollback', '--keep', '--road snapshot']) {
    expect(readCommand(['--source', url, ...flags.split(' ')])).toMatchObject({ kind: 'wrong' });
  }
  expect(readCommand(['--databases', 'a'])).toMatchObject({
    kind: 'wrong',
    problem: expect.stringContaining('--source'),
  });
});
