/** Runs the tests as TypeScript through swc; types are checked beside it by `npm run check`. */
module.exports = {
  testEnvironment: 'node',
  roots: ['<rootDir>/test'],
  testMatch: ['**/*.test.ts'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      { jsc: { parser: { syntax: 'typescript', decorators: true }, target: 'es2022' }, module: { type: 'commonjs' } },
    ],
  },
  globalSetup: '<rootDir>/test/setup/begin.js',
  globalTeardown: '<rootDir>/test/setup/end.js',
  testTimeout: 120_000,
  maxWorkers: 3,
};
