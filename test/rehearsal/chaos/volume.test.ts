import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Volume } from '../../../lib/rehearsal/chaos/volume';

it('is really full when it is filled, and has room again afterwards', async () => {
  const volume = await Volume.mount();
  if (volume === null) {
    // Only root of Linux may mount one, and not in every container; chaos then tells that the fault was not run.
    console.warn('not run: this account may not mount a volume');
    return;
  }
  try {
    const path = join(volume.path, 'file');
    await writeFile(path, Buffer.alloc(1024 * 1024));
    await volume.fill();
    await expect(writeFile(`${path}2`, Buffer.alloc(1024 * 1024))).rejects.toMatchObject({ code: 'ENOSPC' });
    await volume.grow();
    await writeFile(`${path}2`, Buffer.alloc(1024 * 1024));
  } finally {
    await volume.unmount();
  }
});
