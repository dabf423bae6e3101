/** The documents of the repository as the tests read them. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';

/** Root of the repository. */
export const ROOT = resolve(__dirname, '..', '..');

/** Files that git knows or would add, below the paths given, relative to the root. */
export function filesOf(...paths: string[]): string[] {
  return execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', ...paths], {
    cwd: ROOT,
    encoding: 'utf8',
  })
    .split('\n')
    .filter((path) => path !== '' && existsSync(join(ROOT, path)));
}

/** Every Markdown document. */
export const DOCUMENTS = filesOf('*.md').filter((path) => path.endsWith('.md'));

/** Text of a file, by its path from the root. */
export function read(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

/** A document without its fenced blocks, which hold output and examples. */
function prose(path: string): string {
  return read(path).replace(/^```.*?^```$/gms, '');
}

/** Links of a document that lead nowhere: a missing file, or a missing heading. */
export function brokenLinks(path: string): string[] {
  return [...prose(path).matchAll(/\]\(([^)\s]+)\)/g)]
    .map((match) => match[1] ?? '')
    .filter((link) => !/^https?:/.test(link) && !leadsSomewhere(path, link))
    .map((link) => `${path} -> ${link}`);
}

function leadsSomewhere(path: string, link: string): boolean {
  const [file = '', anchor] = link.split('#');
  const target = file === '' ? path : relative(ROOT, resolve(ROOT, dirname(path), file));
  if (!existsSync(join(ROOT, target))) return false;
  return anchor === undefined || anchorsOf(target).includes(anchor);
}

/** Anchors as GitHub makes them from headings. */
function anchorsOf(path: string): string[] {
  return [...prose(path).matchAll(/^#+ (.+)$/gm)].map((match) =>
    (match[1] ?? '')
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

/** Paths in code style that name no file or folder of the repository. */
export function brokenPaths(path: string): string[] {
  return [...prose(path).matchAll(/`((?:bin|examples|lib|lambda|test|docs)\/[\w./-]*)`/g)]
    .map((match) => match[1] ?? '')
    .filter((name) => !existsSync(join(ROOT, name)))
    .map((name) => `${path} names ${name}`);
}

/** Rows of a document's tables as lists of cells, header and rule left out. */
export function tableRows(path: string): string[][] {
  return prose(path)
    .split('\n')
    .filter((line, index, lines) => line.startsWith('| ') && !lines[index + 1]?.startsWith('|---'))
    .map((line) =>
      line
        .slice(2, -1)
        .split(' | ')
        .map((cell) => cell.trim()),
    );
}

/** The texts in code style in a cell. */
export function codeIn(cell: string): string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map((match) => match[1] ?? '');
}

/** Sections of a document by heading of the level given. */
export function sectionsOf(path: string, level: 2 | 3): Map<string, string> {
  const parts = read(path).split(new RegExp(`^${'#'.repeat(level)} `, 'm'));
  return new Map(
    parts.slice(1).map((part) => {
      const [heading = '', ...lines] = part.split('\n');
      return [heading, lines.join('\n')];
    }),
  );
}
