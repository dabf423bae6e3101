import { pglogicalChecks } from '../../../lambda/assess/checks/pglogical';
import type { DatabaseSurvey } from '../../../lambda/assess/survey';
import type { PglogicalDatabase } from '../../../lambda/assess/survey-pglogical';
import type { Policy } from '../../../lambda/contract/settings';
import { POLICY } from '../seed/stage';
import { HEALTHY_SURVEY } from './healthy-survey';

const databaseWith = (found: Partial<PglogicalDatabase>): DatabaseSurvey =>
  ({
    facts: { name: 'shop' },
    pglogical: { withoutKey: [], deferrable: [], referenced: [], ...found },
  }) as unknown as DatabaseSurvey;

const verdicts = (
  database: Partial<PglogicalDatabase>,
  server: Partial<typeof HEALTHY_SURVEY.pglogical> = {},
  policy: Partial<Policy> = {},
) =>
  pglogicalChecks({ pglogical: { ...HEALTHY_SURVEY.pglogical, ...server } }, [databaseWith(database)], {
    ...POLICY,
    engine: 'pglogical',
    ...policy,
  });

const table = { schema: 'public', name: 'visit' };

describe('the checks of engine pglogical', () => {
  it('ask nothing of a source that the native engine follows', () => {
    const native = pglogicalChecks(
      { pglogical: { loaded: '', offered: null, workerProcesses: 0 } },
      [databaseWith({ withoutKey: [{ ...table, couldHave: false }] })],
      POLICY,
    );
    expect(native.map(({ verdict }) => verdict)).toEqual(['pass', 'pass', 'pass']);
  });

  it('name the exact setting of a server that lacks the library, processes or a version', () => {
    expect(verdicts({})[0]).toMatchObject({ verdict: 'pass' });
    const [lacking] = verdicts({}, { loaded: 'pg_stat_statements', offered: '2.3.4', workerProcesses: 1 });
    expect(lacking?.verdict).toBe('block');
    expect(lacking?.remedy).toContain('shared_preload_libraries to pg_stat_statements,pglogical,');
    expect(lacking?.remedy).toContain('max_worker_processes to 10 in the');
    expect(lacking?.detail).toContain('2.3.4');
    const database = [databaseWith({})];
    const found = { loaded: 'a', offered: '2.4.4', workerProcesses: 1 };
    const [hosted] = pglogicalChecks({ pglogical: found }, database, { ...POLICY, engine: 'pglogical' }, 'server');
    expect(hosted?.remedy).toMatch(
      /^in postgresql\.conf: shared_preload_libraries = 'a,pglogical'; max_worker_processes = 10; and restart/,
    );
    expect(hosted?.remedy).not.toContain('parameter group');
    expect(verdicts({}, { loaded: null })[0]?.verdict).toBe('warn');
  });

  it.each([
    ['block', true, 'block'],
    ['block', false, 'block'],
    ['full', true, 'warn'],
    ['full', false, 'block'],
    ['insert-only', true, 'warn'],
    ['insert-only', false, 'warn'],
  ] as const)('with missingReplicaIdentity %s, a possible key %s: %s', (missingReplicaIdentity, couldHave, verdict) => {
    const [, keys] = verdicts({ withoutKey: [{ ...table, couldHave }] }, {}, { missingReplicaIdentity });
    expect(keys).toMatchObject({ verdict, detail: expect.stringContaining('visit') });
  });

  it('block deferrable unique indexes, and name what must not be truncated', () => {
    const [, keys, truncates] = verdicts({ deferrable: [table], referenced: [table] });
    expect([keys?.verdict, truncates?.verdict]).toEqual(['block', 'warn']);
    expect(truncates?.detail).toContain('visit');
  });
});
