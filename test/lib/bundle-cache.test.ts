import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BuiltFiles, builtOnce } from '../../lib/bundle-cache';

const root = mkdtempSync(join(tmpdir(), 'sealift-bundle-cache-'));
const source = join(root, 'lambda', 'step.ts');
const kept = process.env.SEALIFT_BUNDLE_CACHE;

/** A build whose content tells how often it ran. */
function counting(): () => BuiltFiles {
  let times = 0;
  return () => new Map([[source, Buffer.from(`built ${++times}`)]]);
}

const content = (files: BuiltFiles): string => Buffer.from(files.get(source) ?? []).toString();

beforeEach(() => {
  mkdirSync(join(root, 'lambda'), { recursive: true });
  writeFileSync(source, 'one');
  process.env.SEALIFT_BUNDLE_CACHE = join(root, 'cache');
});

afterAll(() => {
  process.env.SEALIFT_BUNDLE_CACHE = kept;
  rmSync(root, { recursive: true });
});

it('builds once what has not changed, and again what has', () => {
  const build = counting();
  expect(content(builtOnce(root, build))).toBe('built 1');
  expect(content(builtOnce(root, build))).toBe('built 1');
  writeFileSync(source, 'two');
  expect(content(builtOnce(root, build))).toBe('built 2');
  writeFileSync(join(root, 'package-lock.json'), 'other packages');
  expect(content(builtOnce(root, build))).toBe('built 3');
  expect(readdirSync(join(root, 'cache')).every((name) => /^bundles-[0-9a-f]{32}$/.test(name))).toBe(true);
});

it('always builds for whoever did not ask to keep anything', () => {
  delete process.env.SEALIFT_BUNDLE_CACHE;
  const build = counting();
  expect(content(builtOnce(root, build))).toBe('built 1');
  expect(content(builtOnce(root, build))).toBe('built 2');
});
