import { HELP, readCommand } from '../../../lib/rehearsal/run/arguments';
import { DEFAULT_OPTIONS } from '../../../lib/rehearsal/run/options';

test('without flags the default rehearsal is asked for', () => {
  expect(readCommand([])).toEqual({ kind: 'rehearse', options: DEFAULT_OPTIONS, mode: 'shown' });
});

test('every flag reaches its option', () => {
  const flags =
    '--size tiny --road copy --source-kind server --source-version 15 --target-version 17 --writers 0 --report out --keep --json --stop-after replicate --dry-run --damage --ask --switch secret';
  expect(readCommand(flags.split(' '))).toEqual({
    kind: 'rehearse',
    mode: 'json',
    options: {
      size: 'tiny',
      dumpFiles: [],
      road: 'copy',
      sourceKind: 'server',
      userServer: null,
      engine: 'native',
      sourceVersion: 15,
      targetVersion: 17,
      writers: 0,
      reportDirectory: 'out',
      keep: true,
      stopAfter: 'replicate',
      switch: 'secret',
      dryRun: true,
      damage: true,
      rollback: false,
      ask: true,
    },
  });
});

test('pglogical takes the copy road and the one major that has it, else the flag is refused', () => {
  const line = (more: string) => readCommand(`--engine pglogical ${more}`.split(' '));
  expect(line('--road copy --source-version 15')).toMatchObject({
    options: { engine: 'pglogical', targetVersion: 15 },
  });
  expect(line('--source-version 15')).toMatchObject({ problem: expect.stringContaining('--road copy') });
  expect(line('--road copy --source-version 15 --rollback')).toMatchObject({
    problem: expect.stringContaining('no way back'),
  });
  expect(line('--road copy')).toMatchObject({ problem: expect.stringContaining('--source-version 15') });
});

test.each([
  ['--dump a.sql b.sql', ['a.sql', 'b.sql']],
  ['--dump a.sql --dump b.sql', ['a.sql', 'b.sql']],
])('%s names two files in their order', (line, files) => {
  expect(readCommand(line.split(' '))).toMatchObject({ options: { dumpFiles: files } });
});

test('progress is shown, quiet, or JSON', () => {
  const modes = [[], ['--quiet'], ['--json']].map((flags) => readCommand(flags));
  expect(modes).toMatchObject([{ mode: 'shown' }, { mode: 'quiet' }, { mode: 'json' }]);
});

test('the target keeps the major of the source unless told otherwise', () => {
  expect(readCommand(['--source-version', '15'])).toMatchObject({ options: { targetVersion: 15 } });
});

test.each(['--source-version 15 --target-version 17', '--road snapshot --source-version 13 --target-version 18'])(
  '%s is refused with the road that leads to a newer major',
  (line) => {
    expect(readCommand(line.split(' '))).toMatchObject({
      kind: 'wrong',
      problem: expect.stringContaining('add --road copy'),
    });
  },
);

test.each([
  ['--source-kind server', /needs --road copy/],
  ['--source-kind server --road copy --switch rds-proxy', /leads to RDS alone/],
])('%s is refused', (line, problem) => {
  expect(readCommand(line.split(' '))).toMatchObject({ kind: 'wrong', problem: expect.stringMatching(problem) });
});

test.each([
  '--size huge',
  '--road offline',
  '--road copy --source-version 17 --target-version 15',
  '--writers -1',
  '--writers 65',
  '--writers 1.5',
  '--source-version 12',
  '--source-version seventeen',
  '--source-version 15 --target-version 17',
  '--stop-after verify',
  '--unknown',
  'stray',
  '--size tiny --dump a.sql',
  '--rollback --dry-run',
  '--rollback --stop-after replicate',
  '--damage --dump a.sql',
  '--damage --source-version 13',
  '--dump',
  '--quiet --json',
])('%s is refused in one line', (line) => {
  const command = readCommand(line.split(' '));
  if (command.kind !== 'wrong') throw new Error(`it was taken as ${command.kind}`);
  expect(command.problem).not.toContain('\n');
  expect(command.problem).toContain('--help');
});

test('the help says which majors need no download', () => {
  expect(HELP).toMatch(/15\b.*\b17\b.* are there, every other is downloaded/);
});

test('the help explains every flag', () => {
  const flags = [
    'size',
    'dump',
    'road',
    'source-version',
    'target-version',
    'writers',
    'report',
    'keep',
    'json',
    'quiet',
    'stop-after',
    'dry-run',
  ];
  for (const flag of flags) expect(HELP).toContain(`--${flag}`);
  expect(readCommand(['--help', '--size', 'tiny'])).toEqual({ kind: 'help' });
});
