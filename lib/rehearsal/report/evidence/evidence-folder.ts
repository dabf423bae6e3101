/** The evidence that belongs to a run, found in a folder that `aws s3 sync` copied from the evidence bucket. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { HistoryFileError } from '../history/history-file-error';

/** Evidence by the name that its step gave it, such as `verification`. */
export type Evidence = ReadonlyMap<string, unknown>;

/** Larger files are no evidence of ours. */
const LARGEST_BYTES = 200 * 1024 * 1024;

/** Most files that are looked at. */
const MOST_FILES = 20_000;

/**
 * Reads the evidence of the runs that `keys` (of objects, as the histories point to them) belong to. Throws
 * HistoryFileError when the folder holds none of it, or a file of it that is no JSON.
 */
export async function readEvidenceFolder(folder: string, keys: readonly string[]): Promise<Evidence> {
  const paths = await jsonFiles(folder);
  const wanted = paths.flatMap((path) => {
    const name = nameOf(relative(folder, path).split(sep).join('/'), keys);
    return name === null ? [] : [{ path, name }];
  });
  if (wanted.length === 0) {
    const prefix = keys[0]?.split('/').slice(0, -1).join('/');
    throw new HistoryFileError(
      `${folder} holds no evidence of this run${prefix ? `, which lies under ${prefix}/` : ''}: ` +
        'copy it with: aws s3 sync s3://<evidence bucket> <folder>',
    );
  }
  const found = await Promise.all(wanted.map(async ({ path, name }) => [name, await parsed(path)] as const));
  return new Map(found);
}

/** Evidence of a rehearsal, whose files are named after execution and evidence. */
export function evidenceOf(
  files: readonly { readonly name: string; readonly content: Buffer }[],
  keys: readonly string[],
): Evidence {
  const found = files.flatMap(({ name: path, content }) => {
    const name = path.endsWith('.json') ? nameOf(path, keys) : null;
    return name === null ? [] : [[name, JSON.parse(content.toString('utf8')) as unknown] as const];
  });
  return new Map(found);
}

/**
 * The name of a piece of evidence when its path is of one of the runs. `migrations/<id>/<run>/<name>.json` in the bucket;
 * the folder may begin anywhere on that way, or join the last two by a hyphen as the rehearsal does.
 */
function nameOf(path: string, keys: readonly string[]): string | null {
  const runs = new Set(keys.map((key) => key.split('/').slice(0, -1).join('/')));
  const cut = path.lastIndexOf('/');
  const [directory, file] = [path.slice(0, Math.max(0, cut)), path.slice(cut + 1)];
  for (const run of runs) {
    const execution = run.slice(run.lastIndexOf('/') + 1);
    if (file.startsWith(`${execution}-`)) return file.slice(execution.length + 1, -'.json'.length);
    if (directory === '' || `/${run}`.endsWith(`/${directory}`) || directory.endsWith(`/${run}`)) {
      if (directory !== '' || !file.includes('-') || KNOWN.has(file)) return file.slice(0, -'.json'.length);
    }
  }
  return null;
}

/** Evidence whose name has a hyphen, lying in the folder itself. */
const KNOWN = new Set(['give-back.json']);

async function jsonFiles(folder: string): Promise<string[]> {
  let names: string[];
  try {
    names = await readdir(folder, { recursive: true });
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new HistoryFileError(
      `${folder} cannot be read as a folder of evidence (${code}): --evidence names a folder`,
      {
        cause,
      },
    );
  }
  return names
    .filter((name) => name.endsWith('.json'))
    .slice(0, MOST_FILES)
    .map((name) => join(folder, name));
}

async function parsed(path: string): Promise<unknown> {
  try {
    if ((await stat(path)).size > LARGEST_BYTES) throw new Error('it is larger than any evidence');
    return JSON.parse(await readFile(path, 'utf8'));
  } catch (cause) {
    throw new HistoryFileError(`${path} is no evidence of Sealift: copy it again with: aws s3 sync`, { cause });
  }
}
