import { execFileSync } from 'node:child_process';
import { cp, lstat, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { binariesFor, INSTALLED_MAJORS, KNOWN_MAJORS } from '../../../lib/rehearsal/servers/binaries';
import { restoreLinks, usablePackageRoot } from '../../../lib/rehearsal/servers/package-preparation';

let place: string;
beforeEach(async () => {
  place = await mkdtemp(join(tmpdir(), 'sealift-binaries-test-'));
});
afterEach(() => rm(place, { recursive: true }));

test('the installed majors run without network', async () => {
  expect(INSTALLED_MAJORS).toEqual([15, 17]);
  for (const major of INSTALLED_MAJORS) {
    const binaries = await binariesFor(major);
    expect(binaries.version).toMatch(new RegExp(`^${major}\\.`));
    for (const program of [binaries.postgres, binaries.initdb, binaries.pgCtl]) {
      expect(execFileSync(program, ['--version'], { encoding: 'utf8' })).toContain(`(PostgreSQL) ${major}.`);
    }
  }
});

test('fails on an unknown major and names the known ones', async () => {
  expect(KNOWN_MAJORS).toEqual([13, 14, 15, 16, 17, 18]);
  await expect(binariesFor(12)).rejects.toThrow(
    'PostgreSQL 12 is not available for rehearsals: take one of 13, 14, 15',
  );
});

test('restores every missing link once and again', async () => {
  const native = dirname(dirname((await binariesFor(17)).postgres));
  const copy = join(place, 'native');
  await mkdir(join(copy, 'lib'), { recursive: true });
  await cp(join(native, 'pg-symlinks.json'), join(copy, 'pg-symlinks.json'));
  await restoreLinks(place);
  await restoreLinks(place);
  const listed: { target: string }[] = JSON.parse(await readFile(join(copy, 'pg-symlinks.json'), 'utf8'));
  if (process.platform === 'linux') expect(listed.length).toBeGreaterThan(0);
  for (const { target } of listed) expect((await lstat(join(place, target))).isSymbolicLink()).toBe(true);
});

const asRoot = process.getuid?.() === 0 ? test : test.skip;
asRoot('a package that the server account cannot reach is copied once to where it can', async () => {
  const packageRoot = join(place, 'closed', 'package');
  await mkdir(join(packageRoot, 'native', 'bin'), { recursive: true, mode: 0o700 });
  await writeFile(join(packageRoot, 'native', 'bin', 'postgres'), '', { mode: 0o755 });
  const version = `0.0.0-test-${process.pid}`;
  const usable = await usablePackageRoot(packageRoot, version);
  try {
    expect(usable).not.toContain(place);
    expect(await readdir(join(usable, 'native', 'bin'))).toEqual(['postgres']);
    for (const path of [usable, join(usable, 'native'), join(usable, 'native', 'bin')]) {
      expect((await lstat(path)).mode & 0o005).toBe(0o005);
    }
    expect(await usablePackageRoot(packageRoot, version)).toBe(usable);
  } finally {
    await rm(usable, { recursive: true });
  }
});
