import fc from 'fast-check';
import { DumpReader } from '../../../lib/rehearsal/dump/dump-reader';

/** A file that arrives in pieces of the sizes given, over and over. */
async function* pieces(bytes: Buffer, sizes: readonly number[]): AsyncGenerator<Buffer> {
  for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
    const size = sizes[turn % sizes.length] ?? 1;
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

interface Read {
  readonly kind: string;
  readonly text: string;
  readonly line: number;
  readonly data?: string;
}

async function read(text: string, sizes: readonly number[] = [1 << 20]): Promise<Read[]> {
  const reader = new DumpReader(pieces(Buffer.from(text), sizes), 'x.sql');
  const items: Read[] = [];
  for (let item = await reader.next(); item; item = await reader.next()) {
    if (!/^copy .* from stdin;$/i.test(item.text)) {
      items.push({ ...item });
      continue;
    }
    const data: Buffer[] = [];
    for await (const piece of reader.copyData(item.line)) data.push(Buffer.from(piece));
    items.push({ ...item, data: Buffer.concat(data).toString() });
  }
  return items;
}

const texts = async (text: string) => (await read(text)).map((item) => item.text);

/** Parts that a semicolon must not end, that quotes and comments must not confuse, and none that ends a statement. */
const noise = fc.string({ unit: fc.constantFrom('a', 'é', '日', ' ', ';', '\n', '-', '/', '*', '(', 'E', '$', '1') });
const part = fc.oneof(
  fc.constantFrom(
    'select',
    '1',
    'E',
    'e1',
    'a$b$c',
    '$1',
    '1$',
    '::',
    '<->',
    '(a; b)',
    '- -',
    '/',
    '*',
    "U&'\\0041'",
    'begin',
    'end',
    'case',
  ),
  noise.map((body) => `'${body}'''`),
  noise.map((body) => `E'\\'${body}\\\\'`),
  noise.map((body) => `"${body}""${body}"`),
  noise.map((body) => `$$${body.replaceAll('$', '')}$ $$`),
  noise.map((body) => `$tag$${body.replaceAll('$', '')}$$ $ta$ $tag$`),
  noise.map((body) => `--${body.replaceAll('\n', '')};\n`),
  noise.map((body) => `/*${body.replaceAll(/[*/]/g, '')}/* ; */*/`),
  noise.map((body) => `'\\${body}'`),
);
const statement = fc.array(part, { maxLength: 8 }).map((parts) => `x ${parts.join(' ')};`);

test('statements that were joined are found again, whatever they quote and wherever the file is cut into pieces', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.constantFrom('', '\n', '-- c;\n', '/* ; */ '), statement), { maxLength: 12 }),
      fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 5 }),
      async (list, sizes) => {
        const items = await read(list.map(([before, text]) => before + text).join(''), sizes);
        expect(items.map((item) => item.text)).toEqual(list.map(([, text]) => text));
        let line = 1;
        for (const [index, [before, text]] of list.entries()) {
          line += before.split('\n').length - 1;
          expect(items[index]?.line).toBe(line);
          line += text.split('\n').length - 1;
        }
      },
    ),
    { numRuns: 500 },
  );
});

test('COPY data come out byte by byte as they are, wherever the file is cut into pieces', async () => {
  const row = fc.string({ unit: fc.constantFrom('a', '\t', '\\', '.', 'é', ';', "'", '$$', '\r') });
  await fc.assert(
    fc.asyncProperty(
      fc.array(row, { maxLength: 10 }),
      fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 5 }),
      fc.constantFrom('\n', '\r\n'),
      async (rows, sizes, newline) => {
        const data = rows
          .filter((line) => !/^\\\.\r*$/.test(line))
          .map((line) => line + newline)
          .join('');
        const items = await read(`copy t from stdin;\n${data}\\.${newline}\nselect 1;\n`, sizes);
        expect(items.map((item) => item.data ?? item.text)).toEqual([data, 'select 1;']);
        expect(items[1]?.line).toBe(data.split('\n').length + 3);
      },
    ),
    { numRuns: 500 },
  );
});

test('functions with begin atomic bodies are one statement', async () => {
  const body = `create or replace function f(a int default (1)) returns int
    begin atomic select case when a > 1 then 2 end; select 'end;'; end;`;
  expect(await texts(`${body} select 1;`)).toEqual([body, 'select 1;']);
  expect(await texts('begin; select 1; end; commit;')).toEqual(['begin;', 'select 1;', 'end;', 'commit;']);
});

test('rules with several commands in parentheses are one statement', async () => {
  const rule = 'create rule r as on insert to t do also (delete from a; delete from b);';
  expect(await texts(`${rule}\nselect 1;`)).toEqual([rule, 'select 1;']);
});

test('backslashes escape in plain strings once standard_conforming_strings is off', async () => {
  const reader = new DumpReader(pieces(Buffer.from(`select 'a\\';'; select 2;`), [3]), 'x.sql');
  reader.standardConformingStrings = false;
  expect((await reader.next())?.text).toBe(`select 'a\\';';`);
});

test('lines for psql are told from statements', async () => {
  const items = await read('\\restrict abc\n\nselect 1;\n\\connect "a;b"\n\\unrestrict abc');
  expect(items.map(({ kind, line }) => [kind, line])).toEqual([
    ['meta-command', 1],
    ['statement', 3],
    ['meta-command', 4],
    ['meta-command', 5],
  ]);
});

test.each([
  ['a string', "select 1;\nselect 'abc", 2],
  ['a dollar-quoted string', '\n\ncreate function f() as $x$ begin $$', 3],
  ['a block comment', '/* /* */', 1],
  ['a quoted name', 'select "abc""', 1],
  ['a statement', 'select 1;\n\nselect 2\n', 3],
])('fails when the file ends inside %s, with its line', async (what, text, line) => {
  await expect(read(text, [2])).rejects.toMatchObject({
    name: 'DumpError',
    place: { file: 'x.sql', line },
    message: expect.stringContaining(`inside ${what}`),
  });
});

test('fails when the file ends inside COPY data, with the line of the COPY', async () => {
  await expect(read('\ncopy t from stdin;\n1\n2\n', [3])).rejects.toMatchObject({
    place: { line: 2, statementKind: 'COPY' },
    message: expect.stringContaining('truncated'),
  });
});
