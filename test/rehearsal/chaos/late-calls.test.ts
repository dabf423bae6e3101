import type { StepName } from '../../../lambda/contract';
import { callLate } from '../../../lib/rehearsal/chaos/late-calls';
import type { FirstCall } from '../../../lib/rehearsal/chaos/strike';
import type { Surroundings } from '../../../lib/rehearsal/run/surroundings';
import type { PostgresServer } from '../../../lib/rehearsal/servers/postgres-server';
import { type RehearsedRun, startRun } from '../servers/rehearsed-run';

let rehearsed: RehearsedRun;
let source: PostgresServer;

beforeAll(async () => {
  rehearsed = await startRun();
  source = await rehearsed.create(17);
  await source.start();
  await execute(`create schema sealift;
    create table sealift.migration (migration_id text, epoch bigint, phase text);
    insert into sealift.migration values ('m', 7, 'live');
    create table sealift.undo (kind text);
    create role application login`);
});
afterAll(() => rehearsed.run.stopAll());

function execute(text: string): Promise<unknown> {
  return source.withAdmin('postgres', (session) => session.query(text));
}

const calls = (step: StepName, epoch: string): Map<StepName, FirstCall> =>
  new Map([[step, { functionName: step, payload: { epoch } }]]);

/** A run whose functions do one thing. */
function endedRun(statement: string): Surroundings {
  const nothing = { list: () => [] };
  return {
    source,
    databases: [],
    target: () => null,
    aws: {
      lambda: { invoke: () => execute(statement) },
      plane: { locate: () => null, rds: { instances: nothing, snapshots: nothing }, secrets: { all: () => [] } },
    },
  } as unknown as Surroundings;
}

it.each([
  ['the role of an application', 'alter role application nologin', /role application/],
  ['the ledger', "update sealift.migration set phase = 'fenced'", /migration/],
  ['what is to be undone', "insert into sealift.undo values ('login')", /undo/],
  ['a slot', "select pg_create_logical_replication_slot('sealift_m', 'pgoutput')", /slot sealift_m/],
])('finds that a call with an old epoch changed %s', async (_name, statement, words) => {
  const { called, changed } = await callLate(endedRun(statement), calls('cutover', '6'));
  expect(called).toEqual(['cutover']);
  expect(changed.join('\n')).toMatch(words);
});

it('finds nothing when late calls are refused, and calls nobody who is not late', async () => {
  const refusing = endedRun('select 1 / 0');
  expect(await callLate(refusing, calls('cutover', '6'))).toEqual({ called: ['cutover'], changed: [] });
  expect((await callLate(endedRun('drop role application'), calls('cutover', '7'))).called).toEqual([]);
});
