/** Lets every synthesis of one run of the tests take the bundles of the first one. */
const { mkdtempSync, rmSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { join } = require('node:path');

module.exports = () => {
  process.env.SEALIFT_BUNDLE_CACHE = mkdtempSync(join(tmpdir(), 'sealift-bundles-'));
};

module.exports.remove = () => rmSync(process.env.SEALIFT_BUNDLE_CACHE, { recursive: true, force: true });
