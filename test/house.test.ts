import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { STEPS } from '../lambda/contract';

const ROOT = resolve(__dirname, '..');

/** The seam: the steps in one file, what they carry in the folder beside it. */
const isSeam = (module: string): boolean => /^lambda\/contract(\.ts$|\/|$)/.test(module);

/** Files of the house that git knows or would add. */
const FILES = execFileSync(
  'git',
  ['ls-files', '--cached', '--others', '--exclude-standard', 'bin', 'lib', 'lambda', 'test'],
  {
    cwd: ROOT,
    encoding: 'utf8',
  },
)
  .split('\n')
  .filter((path) => path.endsWith('.ts') && existsSync(join(ROOT, path)));

/** Modules that a file imports: paths below the root for its own, names for packages. */
function importsOf(path: string): string[] {
  const text = readFileSync(join(ROOT, path), 'utf8');
  const names = [...text.matchAll(/(?:^|\n)\s*(?:import|export)\b[^'";]*?from\s+'([^']+)'/g)].map(
    (match) => match[1] ?? '',
  );
  const bare = [...text.matchAll(/(?:^|\n)\s*import\s+'([^']+)'/g)].map((match) => match[1] ?? '');
  const dynamic = [...text.matchAll(/\b(?:import|require)\(\s*'([^']+)'\s*\)/g)].map((match) => match[1] ?? '');
  return [...names, ...bare, ...dynamic].map((name) =>
    name.startsWith('.') ? relative(ROOT, resolve(ROOT, dirname(path), name)) : name,
  );
}

const below = (folder: string): string[] => FILES.filter((path) => path.startsWith(`${folder}/`));

/** Imports of `files` that `allowed` refuses, as `file -> module`. */
function breaches(files: readonly string[], allowed: (module: string, file: string) => boolean): string[] {
  return files.flatMap((file) =>
    importsOf(file)
      .filter((module) => !allowed(module, file))
      .map((module) => `${file} -> ${module}`),
  );
}

const STEP_FOLDERS = [...new Set(Object.values(STEPS).map((step) => step.handler.split('/')[0] ?? ''))];
const isOwn = (module: string): boolean => /^(bin|lib|lambda|test)\//.test(module);
const isDriver = (module: string): boolean =>
  /^(pg|pg-copy-streams|@aws-sdk\/.*|@aws-lambda-powertools\/.*)$/.test(module);

describe('the import law', () => {
  it('lets the contract import nothing but its own parts and the errors only the contract', () => {
    expect(breaches(['lambda/contract.ts', ...below('lambda/contract')], isSeam)).toEqual([]);
    expect(importsOf('lambda/errors.ts')).toEqual(['lambda/contract']);
  });

  it('keeps the platform below the proof and the proof below the steps', () => {
    const platform = (module: string): boolean => /^lambda\/(contract|errors|platform\/)/.test(module);
    expect(breaches(below('lambda/platform'), (module) => !isOwn(module) || platform(module))).toEqual([]);
    const proof = (module: string): boolean => platform(module) || module.startsWith('lambda/proof/');
    expect(breaches(below('lambda/proof'), (module) => (isOwn(module) ? proof(module) : !isDriver(module)))).toEqual(
      [],
    );
  });

  it.each(STEP_FOLDERS)('lets step folder %s import no other step, no driver and no SDK', (folder) => {
    const files = below(`lambda/${folder}`);
    expect(files.length).toBeGreaterThan(0);
    const allowed = (module: string): boolean =>
      isOwn(module)
        ? /^lambda\/(contract|errors|platform\/|proof\/)/.test(module) || module.startsWith(`lambda/${folder}/`)
        : !isDriver(module);
    expect(breaches(files, allowed)).toEqual([]);
  });

  it('lets lib see only the contract of lambda, and the rehearsal be imported by bin and test alone', () => {
    const allowed = (module: string, file: string): boolean => {
      if (module.startsWith('lambda/')) return isSeam(module);
      if (module.startsWith('lib/rehearsal/')) return file.startsWith('lib/rehearsal/');
      return !module.startsWith('test/') && !module.startsWith('bin/');
    };
    expect(breaches(below('lib'), allowed)).toEqual([]);
    expect(breaches(below('lambda'), (module) => !module.startsWith('lib/') && !module.startsWith('test/'))).toEqual(
      [],
    );
  });
});

/** These put the statements of a dump into other words and have none of their own. */
const OF_A_DUMP = ['lambda/copy/schema/adapt.ts', 'lambda/copy/schema/items.ts'];

describe('the house', () => {
  it('has a handler for every step and no handler without a step', () => {
    const handlers = below('lambda')
      .filter((path) => path.endsWith('.handler.ts'))
      .map((path) => path.replace(/^lambda\//, '').replace(/\.handler\.ts$/, ''));
    expect(handlers.sort()).toEqual(
      Object.values(STEPS)
        .map((step) => step.handler as string)
        .sort(),
    );
  });

  it('has no file without a name of its own', () => {
    const nameless = FILES.filter((path) =>
      /(^|\/)(utils?|helpers?|common|misc|manager|shared|base)(\.ts|\/)/i.test(path),
    );
    expect(nameless).toEqual([]);
  });

  it('keeps files short enough to hold one idea', () => {
    const long = FILES.filter((path) => readFileSync(join(ROOT, path), 'utf8').split('\n').length > 351);
    expect(long).toEqual([]);
  });

  it('keeps every statement of a step out of its recipes', () => {
    const sql = /(?:^|[`'"\s])(?:select|insert into|update|delete from|alter|create|drop|grant|revoke) [a-z_$"]+/;
    const recipes = STEP_FOLDERS.flatMap((folder) => below(`lambda/${folder}`)).filter(
      (path) => !/\/sql(\/|\.ts)/.test(path) && !/-sql\.ts$|queue\.ts$/.test(path) && !OF_A_DUMP.includes(path),
    );
    const withStatements = recipes.filter((path) =>
      readFileSync(join(ROOT, path), 'utf8')
        .split('\n')
        .some((line) => /text:\s*[`'"]/.test(line) && sql.test(line.toLowerCase())),
    );
    expect(withStatements).toEqual([]);
  });
});
