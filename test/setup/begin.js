/** What all tests of one run share: the bundles of the first synthesis, and where their servers keep data. */
const { mkdtempSync, readFileSync, rmSync, statfsSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { join } = require('node:path');

/** Linux keeps this file system in memory. */
const MEMORY = '/dev/shm';
const GIB = 1024 ** 3;
/** Three test files at once have been seen to hold 3 GiB. */
const NEEDED_BYTES = 8 * GIB;

/** Whether servers of tests fit into memory; a fifth of their time goes into making and removing files otherwise. */
function memoryHasRoom() {
  try {
    const { bavail, bsize } = statfsSync(MEMORY);
    const available = /^MemAvailable:\s+(\d+) kB$/m.exec(readFileSync('/proc/meminfo', 'utf8'));
    return bavail * bsize > NEEDED_BYTES && Number(available?.[1] ?? 0) * 1024 > NEEDED_BYTES + 4 * GIB;
  } catch {
    return false;
  }
}

module.exports = () => {
  process.env.SEALIFT_BUNDLE_CACHE = mkdtempSync(join(tmpdir(), 'sealift-bundles-'));
  if (process.env.SEALIFT_TMPDIR === undefined && memoryHasRoom()) process.env.SEALIFT_TMPDIR = MEMORY;
};

module.exports.remove = () => rmSync(process.env.SEALIFT_BUNDLE_CACHE, { recursive: true, force: true });
