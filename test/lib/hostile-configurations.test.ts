import * as fc from 'fast-check';
import { ConfigurationError, parseConfig, type SealiftConfig, type SealiftConfigInput } from '../../lib';
import { synthesizeApp } from './support/app';
import { hostileConfiguration, validConfiguration } from './support/configurations';
import { brokenPromises, freeTextsOf } from './support/promises';
import { example, synthesize } from './support/synthesis';

/** Far above what a person reads, far below what a value of the configuration could blow it up to. */
const LONGEST_MESSAGE = 30_000;

/** The configuration, or null when it was refused; anything but words for a person fails. */
function parsed(input: unknown): SealiftConfig | null {
  try {
    return parseConfig(input);
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    const lines = error.message.split('\n');
    expect(lines.length).toBeLessThanOrEqual(52);
    expect(error.message.length).toBeLessThan(LONGEST_MESSAGE);
    expect(error.message).not.toMatch(/\[object |\bat .*\.ts:\d|native code/);
    for (const line of lines.slice(1)) expect(line).toMatch(/^ {2}(.+: got .*; allowed: .+|and \d+ more)$/su);
    return null;
  }
}

describe('a hostile configuration', () => {
  const accepted: SealiftConfig[] = [];

  test('is refused in words that a person can read, or carried', () => {
    fc.assert(
      // Most are refused; the fields that take any text are tried as often as all others together.
      fc.property(fc.oneof(hostileConfiguration, validConfiguration), (input) => {
        const config = parsed(input);
        if (config !== null && accepted.length < 200) accepted.push(config);
      }),
      { numRuns: 500 },
    );
    // Else nothing hostile would have been synthesized below.
    expect(accepted.length).toBeGreaterThan(20);
  }, 60_000);

  test('with thousands of problems tells the first fifty and counts the rest', () => {
    const zones = Array.from({ length: 5_000 }, (_, index) => `zone-${index}`);
    const input = { ...example(), network: { ...example().network, availabilityZones: zones } };
    expect(parsed(input)).toBeNull();
    expect(() => parseConfig(input)).toThrow(/^the configuration has \d{4,} problems\n(.*\n){50} {2}and \d{4,} more$/);
  });

  test('that is carried synthesizes stacks that hold every promise', () => {
    const until = Date.now() + 8_000;
    const tried = accepted.filter((config) => Date.now() < until && expectPromises(config));
    expect(tried.length).toBeGreaterThan(0);
  }, 60_000);
});

/** Several migrations cannot share an app here, since two may have one id. */
function expectPromises(config: SealiftConfig): boolean {
  expect(brokenPromises(synthesizeApp([config as SealiftConfigInput]), config.migration, freeTextsOf(config))).toEqual(
    [],
  );
  return true;
}

test('a configuration is refused in words, or its stacks hold every promise', () => {
  fc.assert(
    fc.property(validConfiguration, (input) => {
      const config = parsed(input);
      // Only what does not fit together, such as too much for the environment, is refused.
      if (config !== null) expectPromises(config);
    }),
    { numRuns: 60, interruptAfterTimeLimit: 5_000, markInterruptAsFailure: false },
  );
}, 60_000);

describe('the promises', () => {
  const kept = synthesize();

  test.each<[string, (template: Record<string, unknown>) => void]>([
    ['an open bucket', (resource) => delete resource.PublicAccessBlockConfiguration],
    ['a function without key', (resource) => delete resource.KmsKeyArn],
    ['an unprotected database', (resource) => Object.assign(resource, { DeletionProtection: false })],
  ])('fail on %s', (_name, spoil) => {
    const templates = structuredClone(kept.templates);
    const resources = Object.values(templates).flatMap(({ Resources }) => Object.values(Resources));
    for (const { Properties } of resources) spoil(Properties);
    expect(brokenPromises({ templates }, 'demo', [])).not.toEqual([]);
  });
});
