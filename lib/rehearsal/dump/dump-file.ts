import { open } from 'node:fs/promises';
import { DumpError } from './dump-error';

/** A file that looks like a plain dump. */
export interface DumpFile {
  readonly path: string;
  readonly bytes: number;
}

const EDGE_BYTES = 8192;

/** How other kinds of files begin, and what to do with them. */
const FOREIGN_KINDS: readonly { readonly magic: Buffer; readonly what: string; readonly remedy: string }[] = [
  {
    magic: Buffer.from('PGDMP'),
    what: "the file is in pg_dump's custom format, not plain SQL",
    remedy: 'convert it with pg_restore -f dump.sql, or dump with pg_dump --format=plain',
  },
  { magic: Buffer.from([0x1f, 0x8b]), what: 'the file is compressed with gzip', remedy: 'unpack it with gunzip first' },
  {
    magic: Buffer.from([0x28, 0xb5, 0x2f, 0xfd]),
    what: 'the file is compressed with zstd',
    remedy: 'unpack it with unzstd first',
  },
  {
    magic: Buffer.from([0x04, 0x22, 0x4d, 0x18]),
    what: 'the file is compressed with lz4',
    remedy: 'unpack it with lz4 -d first',
  },
  {
    magic: Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a]),
    what: 'the file is compressed with xz',
    remedy: 'unpack it with unxz first',
  },
  { magic: Buffer.from('BZh'), what: 'the file is compressed with bzip2', remedy: 'unpack it with bunzip2 first' },
  { magic: Buffer.from('PK\u0003\u0004'), what: 'the file is a zip archive', remedy: 'unpack it first' },
  {
    magic: Buffer.from('toc.dat\0'),
    what: "the file is in pg_dump's tar format, not plain SQL",
    remedy: 'convert it with pg_restore -f dump.sql, or dump with pg_dump --format=plain',
  },
  {
    magic: Buffer.from([0xff, 0xfe]),
    what: 'the file is UTF-16',
    remedy: 'convert it to UTF-8, or let pg_dump write it with --file',
  },
  {
    magic: Buffer.from([0xfe, 0xff]),
    what: 'the file is UTF-16',
    remedy: 'convert it to UTF-8, or let pg_dump write it with --file',
  },
];

/** Looks at both ends of a file: throws unless it can be read, is no other kind of file, and is not cut off. */
export async function inspectDumpFile(path: string): Promise<DumpFile> {
  const refuse = (what: string, remedy: string, cause?: unknown) =>
    new DumpError({ file: path }, what, remedy, { cause });
  const file = await open(path, 'r').catch((cause: NodeJS.ErrnoException) => {
    const missing = cause.code === 'ENOENT' || cause.code === 'ENOTDIR';
    throw missing
      ? refuse('there is no such file', 'check the path given with --dump', cause)
      : refuse(`the file cannot be read (${cause.code})`, 'check its permissions', cause);
  });
  try {
    const stat = await file.stat();
    if (stat.isDirectory()) {
      const remedy = 'convert it with pg_restore -f dump.sql, or dump with pg_dump --format=plain';
      throw refuse("this is a directory, maybe of pg_dump's directory format", remedy);
    }
    if (stat.isFile() && stat.size === 0)
      throw refuse('the file is empty', 'make the dump again and check that pg_dump ended without an error');
    const edge = Buffer.alloc(Math.min(EDGE_BYTES, stat.size));
    await file.read(edge, 0, edge.length, 0);
    const head = Buffer.from(edge);
    await file.read(edge, 0, edge.length, stat.size - edge.length);
    for (const { magic, what, remedy } of FOREIGN_KINDS) {
      if (head.subarray(0, magic.length).equals(magic)) throw refuse(what, remedy);
    }
    if (head.includes(0))
      throw refuse('the file holds zero bytes and is no plain dump', 'dump with pg_dump --format=plain');
    // pg_dump writes both lines always and untranslated; without the second one it did not finish.
    if (
      /^-- PostgreSQL database (cluster )?dump\r?$/m.test(head.toString('latin1')) &&
      !edge.includes('dump complete')
    ) {
      throw refuse(
        'the dump is truncated: the last line of pg_dump is missing',
        'make the dump again and check that pg_dump ended without an error',
      );
    }
    return { path, bytes: stat.size };
  } finally {
    await file.close();
  }
}
