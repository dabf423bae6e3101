import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { inspectDumpFile } from '../../../lib/rehearsal/dump/dump-file';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sealift-test-'));
});
afterAll(() => rm(directory, { recursive: true }));

async function file(content: string | Buffer): Promise<string> {
  const path = join(directory, 'dump.sql');
  await writeFile(path, content);
  return path;
}

const COMPLETE = '--\n-- PostgreSQL database dump\n--\nselect 1;\n--\n-- PostgreSQL database dump complete\n--\n';

test('takes a complete dump, and SQL that does not come from pg_dump', async () => {
  expect(await inspectDumpFile(await file(COMPLETE))).toMatchObject({ bytes: COMPLETE.length });
  expect(await inspectDumpFile(await file('create table t (id int);'))).toMatchObject({ bytes: 24 });
});

test.each<[string, string | Buffer, RegExp]>([
  ['is empty', '', /the file is empty/],
  ['is in the custom format', 'PGDMP\u0001\u000e', /custom format.*pg_restore/],
  ['is a tar archive', `toc.dat${'\0'.repeat(600)}`, /tar format.*pg_restore/],
  ['is compressed', gzipSync(COMPLETE), /gzip.*gunzip/],
  ['is UTF-16', Buffer.from(`\ufeff${COMPLETE}`, 'utf16le'), /UTF-16/],
  ['holds zero bytes', Buffer.from([0x41, 0, 0x42]), /zero bytes/],
  ['lacks the last lines of pg_dump', COMPLETE.slice(0, 50), /truncated/],
])('fails when the file %s', async (_, content, expected) => {
  await expect(inspectDumpFile(await file(content))).rejects.toMatchObject({
    name: 'DumpError',
    message: expect.stringMatching(expected),
  });
});

test('fails when there is no file, or a directory instead', async () => {
  await expect(inspectDumpFile(join(directory, 'missing.sql'))).rejects.toThrow(/missing\.sql: there is no such file/);
  await expect(inspectDumpFile(directory)).rejects.toThrow(/directory format/);
});
