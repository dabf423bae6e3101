import { AssessedSource } from './assessed-source';
import { GROWTH_CASES } from './cases/growth-cases';
import { firesUntilCured } from './remedy-case';

let source: AssessedSource;
beforeAll(async () => {
  source = await AssessedSource.start(17);
});
afterAll(() => source?.close());

describe('assess fires, and is silent after the remedy:', () => {
  firesUntilCured(() => source, GROWTH_CASES);
});

it('a job is named without its command, which may hold anything', async () => {
  await source.admin(
    'app',
    'create schema cron',
    'create table cron.job (jobid bigint primary key, command text)',
    `insert into cron.job values (7, 'select ''a canary''')`,
    'grant usage on schema cron to rds_superuser',
    'grant select on cron.job to rds_superuser',
  );
  const { report, check } = await source.assess();
  await source.admin('app', 'drop schema cron cascade');
  expect(check('jobs')).toMatchObject({ verdict: 'warn', detail: expect.stringContaining('7 without a name') });
  expect(JSON.stringify(report)).not.toContain('canary');
});
