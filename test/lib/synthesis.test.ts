import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { synthesizeApp } from './support/app';
import { CONTEXT, example, synthesize } from './support/synthesis';

const ROOT = join(__dirname, '..', '..');
const TSX = require.resolve('tsx/cjs');

/** Runs the app as the CDK command line does, with this context and no credentials. */
function runApp(context: Record<string, unknown>) {
  const outdir = mkdtempSync(join(tmpdir(), 'sealift-app-'));
  try {
    return spawnSync(process.execPath, ['--import', 'tsx', join(ROOT, 'bin', 'sealift.ts')], {
      cwd: ROOT,
      encoding: 'utf8',
      env: { PATH: process.env.PATH, CDK_OUTDIR: outdir, CDK_CONTEXT_JSON: JSON.stringify(context) },
    });
  } finally {
    rmSync(outdir, { recursive: true, force: true });
  }
}

/**
 * Synthesizes as `cdk synth` does, bundles included, and returns each file's hash by its path. With `kept` the bundles are those that
 * the first synthesis of this run of the tests made.
 */
function filesFrom(directory: string, kept: boolean): Record<string, string> {
  const outdir = mkdtempSync(join(directory, 'out-'));
  const { status, stderr } = spawnSync(process.execPath, ['--require', TSX, join(ROOT, 'bin', 'sealift.ts')], {
    cwd: directory,
    encoding: 'utf8',
    env: {
      PATH: process.env.PATH,
      TMPDIR: directory,
      CDK_OUTDIR: outdir,
      CDK_VALIDATION: 'false',
      ...(kept && { SEALIFT_BUNDLE_CACHE: process.env.SEALIFT_BUNDLE_CACHE }),
      CDK_CONTEXT_JSON: JSON.stringify(CONTEXT),
    },
  });
  if (status !== 0) throw new Error(`the app failed from ${directory}: ${stderr}`);
  const files = readdirSync(outdir, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return Object.fromEntries(
    files.map(({ parentPath, name }) => {
      const path = join(parentPath, name);
      return [relative(outdir, path), createHash('sha256').update(readFileSync(path)).digest('hex')];
    }),
  );
}

describe('synthesis', () => {
  test('gives the same files, byte for byte, from any directory and with any place for temporary files', () => {
    const places = ['a', 'another place'].map((name) => mkdtempSync(join(tmpdir(), `sealift ${name}-`)));
    try {
      const [first = {}, second] = places.map((place, index) => filesFrom(place, index === 0));
      expect(Object.keys(first).filter((path) => path.endsWith('.template.json'))).toHaveLength(3);
      expect(Object.keys(first).filter((path) => path.endsWith('index.js')).length).toBeGreaterThan(10);
      expect(second).toEqual(first);
    } finally {
      for (const place of places) rmSync(place, { recursive: true, force: true });
    }
  }, 120_000);

  test('gives the same templates, byte for byte, when it is repeated', () => {
    const [first, second] = [synthesizeApp(), synthesizeApp()].map(({ templates }) => JSON.stringify(templates));
    expect(first).toBe(second);
  });

  test('gives the same templates whatever feature flags the app around the stacks has', () => {
    expect(synthesizeApp([example()], false, {}).templates).toEqual(synthesize().templates);
  });

  test('keeps two migrations apart: no stack of one names anything of the other', () => {
    const { templates } = synthesize([example({ migration: 'first' }), example({ migration: 'second' })]);
    for (const [name, template] of Object.entries(templates)) {
      const other = name.includes('first') ? 'second' : 'first';
      expect(JSON.stringify(template).match(new RegExp(`[Ss]ealift-${other}|sealift_${other}_`, 'g'))).toBeNull();
    }
  });

  test('tags whatever can be tagged with the migration and the tags of the configuration', () => {
    const { templates } = synthesize([example({ tags: { team: 'storage' } })]);
    const tagged = Object.values(templates).flatMap(({ Resources }) =>
      Object.values(Resources).filter(({ Properties }) => Array.isArray(Properties.Tags)),
    );
    expect(tagged.length).toBeGreaterThan(40);
    for (const { Properties } of tagged) {
      expect(Properties.Tags).toEqual(
        expect.arrayContaining([
          { Key: 'sealift:id', Value: 'demo' },
          { Key: 'team', Value: 'storage' },
        ]),
      );
    }
  });

  test('writes no account, region or secret into a template whose configuration names none', () => {
    const { templates } = synthesize();
    const text = JSON.stringify(templates).replaceAll(example().source.masterSecretArn, '');
    expect(text).not.toMatch(/\d{12}:|eu-central-1[^ab]/);
  });
});

describe('the app', () => {
  test('ends with every problem in words, and no stack trace, when the configuration is wrong', () => {
    const wrong = { ...example(), migration: 'No', colour: 'red' };
    const { status, stderr } = runApp({ ...CONTEXT, sealift: wrong });
    expect(status).toBe(1);
    expect(stderr).toContain('the configuration has 2 problems');
    expect(stderr).toContain('migration: got "No"');
    expect(stderr).toContain('colour: got "red"');
    expect(stderr).not.toMatch(/^\s+at /m);
  });

  test('says what is missing when there is no configuration', () => {
    const { status, stderr } = runApp({});
    expect(status).toBe(1);
    expect(stderr).toContain('context key "sealift"');
  });
});
