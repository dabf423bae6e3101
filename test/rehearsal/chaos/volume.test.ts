import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Volume } from '../../../lib/rehearsal/chaos/volume';
import { clearDeadRuns, OWNER_FILE, RUN_PREFIX } from '../../../lib/rehearsal/servers/dead-runs';

/** No process has it: Linux gives none beyond 2^22. */
const NOBODY = 2 ** 22 + 1;

let parent: string;
let run: string;
let volume: Volume | null;

beforeEach(async () => {
  parent = await realpath(await mkdtemp(join(tmpdir(), 'sealift-volumes-')));
  run = join(parent, `${RUN_PREFIX}dead`);
  await mkdir(run);
  await writeFile(join(run, OWNER_FILE), `${NOBODY}\n`);
  volume = await Volume.mount(run);
  // Only root of Linux may mount one, and not in every container; chaos then tells that the fault was not run.
  if (volume === null) console.warn('not run: this account may not mount a volume');
});
afterEach(async () => {
  if (volume !== null && existsSync(volume.path)) await volume.unmount();
  await rm(parent, { recursive: true, force: true });
});

it('is really full when it is filled, and has room again afterwards', async () => {
  if (volume === null) return;
  const path = join(volume.path, 'file');
  await writeFile(path, Buffer.alloc(1024 * 1024));
  await volume.fill();
  await expect(writeFile(`${path}2`, Buffer.alloc(1024 * 1024))).rejects.toMatchObject({ code: 'ENOSPC' });
  await volume.grow();
  await writeFile(`${path}2`, Buffer.alloc(1024 * 1024));
});

it('goes with the directory of a run that was killed', async () => {
  if (volume === null) return;
  await writeFile(join(volume.path, 'file'), 'something');
  await clearDeadRuns(parent);
  expect(existsSync(run)).toBe(false);
});
