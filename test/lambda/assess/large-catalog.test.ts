import { AssessedSource } from './assessed-source';

const TABLES = 2_000;

/** Tables that trip as many checks as one can: no key, unlogged, near their ends, with functions that apply calls. */
const FILL = `do $$
begin
  for n in 1..${TABLES} loop
    execute format('create table wide_%s_name_of_a_table_that_nobody_would_give_but_is_given (
      id serial primary key, code text, twice text generated always as (upper(code)) stored)', n);
    execute format('create table keyless_%s (body json, code text)', n);
  end loop;
  for n in 1..${TABLES / 10} loop
    perform setval(pg_get_serial_sequence(format('wide_%s_name_of_a_table_that_nobody_would_give_but_is_given', n), 'id'), 2000000000);
  end loop;
end $$`;

const FUNCTIONS = `do $$
begin
  for n in 1..50 loop
    execute format('create function checked_%1$s(text) returns boolean language plpgsql as
      ''begin return exists (select from keyless_%1$s where code = $1); end''', n);
    execute format('alter table keyless_%1$s add check (checked_%1$s(code))', n);
  end loop;
end $$`;

let source: AssessedSource;
beforeAll(async () => {
  source = await AssessedSource.start(17);
}, 60_000);
afterAll(() => source?.close());

it('assesses thousands of tables with details that a person can read and an answer that a state can hold', async () => {
  await source.admin('app', 'set role app_owner', FILL, FUNCTIONS);
  const { output, report, documents } = await source.assess({ policy: { missingReplicaIdentity: 'block' } });
  expect(output.databases.find(({ name }) => name === 'app')?.tables).toBe(2 * TABLES + 2);
  const fired = report.checks.filter(({ verdict }) => verdict !== 'pass').map(({ id }) => id);
  expect(fired).toEqual(
    expect.arrayContaining(['replica-identity', 'replica-identity-types', 'search-path', 'integer-keys-near-end']),
  );
  for (const { detail, remedy } of report.checks) expect(detail.length + remedy.length).toBeLessThan(6_000);
  expect(JSON.stringify(output).length).toBeLessThan(64_000);
  expect(documents.html?.length).toBeLessThan(200_000);
});
