import { ENV } from '../../lambda/contract/environment';
import { ConfigurationError, parseConfig, type SealiftConfigInput } from '../../lib';
import { writePath } from '../../lib/config/problem';
import { example, ofType, synthesize, templateOf } from './support/synthesis';

const native = synthesize([example({ road: 'copy' })]);
const parameters = { shared_preload_libraries: 'pg_cron, pg_stat_statements' };
const config = example({ road: 'copy', engine: 'pglogical' });
const pglogical = synthesize([{ ...config, target: { ...config.target, parameters } }]);
const foundationOf = (of: typeof native) => templateOf(of, 'Foundation');

const parametersOf = (of: typeof native): Record<string, string> =>
  ofType(foundationOf(of), 'AWS::RDS::DBParameterGroup')[0]?.[1].Properties.Parameters as Record<string, string>;
const policyIn = (of: typeof native): string =>
  JSON.stringify(
    ofType(templateOf(of, 'Migration'), 'AWS::Lambda::Function').map(
      ([, { Properties }]) => (Properties.Environment as { Variables: Record<string, unknown> }).Variables[ENV.policy],
    ),
  );
/** Paths of what is wrong with a configuration. */
function refused(changes: Partial<SealiftConfigInput>): string[] {
  try {
    parseConfig(example(changes));
    return [];
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    return error.problems.map(({ path }) => writePath(path));
  }
}

describe('engine pglogical', () => {
  test('loads the library beside those that are loaded, and makes a doubled row an error', () => {
    expect(parametersOf(pglogical)).toMatchObject({
      shared_preload_libraries: 'pg_cron,pg_stat_statements,pglogical',
      'pglogical.conflict_resolution': 'error',
      track_commit_timestamp: '0',
      max_worker_processes: '100',
    });
  });

  test('is told to the steps, and leaves no trace with engine native', () => {
    expect(policyIn(pglogical)).toContain('pglogical');
    expect(policyIn(native)).not.toContain('engine');
    expect(JSON.stringify(foundationOf(native))).not.toContain('pglogical');
  });

  test.each<[string, Partial<SealiftConfigInput>, string[]]>([
    [
      'nothing on the copy road',
      { road: 'copy', engine: 'pglogical', policy: { missingReplicaIdentity: 'insert-only' } },
      [],
    ],
    [
      'a way back, which it has none of',
      { road: 'copy', engine: 'pglogical', rollback: { windowHours: 24 } },
      ['rollback.windowHours'],
    ],
    ['a snapshot, whose LSN it cannot begin at', { engine: 'pglogical' }, ['engine']],
    [
      'new rows alone by the native engine',
      { road: 'copy', policy: { missingReplicaIdentity: 'insert-only' } },
      ['policy.missingReplicaIdentity'],
    ],
  ])('refuses %s', (_what, changes, paths) => {
    expect(refused(changes)).toEqual(paths);
  });

  test('refuses a parameter that would overwrite a doubled row', () => {
    const base = example({ road: 'copy', engine: 'pglogical' });
    const other = {
      ...base,
      target: { ...base.target, parameters: { 'pglogical.conflict_resolution': 'keep_local' } },
    };
    expect(() => parseConfig(other)).toThrow('pglogical.conflict_resolution');
  });
});
