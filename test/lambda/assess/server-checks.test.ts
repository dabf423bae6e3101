import { AssessedSource, OUR_STREAM } from './assessed-source';
import { firesUntilCured, type RemedyCase } from './remedy-case';

let source: AssessedSource;
beforeAll(async () => {
  source = await AssessedSource.start(17);
});
afterAll(() => source?.close());

const CASES: readonly RemedyCase[] = [
  {
    id: 'prepared-transactions',
    verdict: 'block',
    names: '"the gid"',
    database: 'app',
    ill: ['begin', 'create table never (id int)', `prepare transaction 'the gid'`],
    cure: [`rollback prepared 'the gid'`],
  },
  {
    id: 'existing-slots',
    verdict: 'warn',
    names: 'debezium',
    database: 'app',
    ill: [`select pg_create_logical_replication_slot('debezium', 'pgoutput')`],
    cure: [`select pg_drop_replication_slot('debezium')`],
  },
  {
    id: 'existing-slots',
    verdict: 'block',
    names: OUR_STREAM,
    database: 'app',
    ill: [`select pg_create_logical_replication_slot('${OUR_STREAM}', 'pgoutput')`],
    cure: 'remedy',
  },
  {
    id: 'existing-publications',
    verdict: 'warn',
    names: 'app: warehouse',
    database: 'app',
    ill: ['create publication warehouse'],
    cure: ['drop publication warehouse'],
  },
  {
    id: 'existing-publications',
    verdict: 'block',
    names: OUR_STREAM,
    database: 'app',
    ill: [`create publication ${OUR_STREAM}`],
    cure: 'remedy',
  },
  {
    id: 'source-subscribes',
    verdict: 'block',
    names: 'app: upstream',
    database: 'app',
    ill: [
      `create subscription upstream connection 'host=nowhere.invalid' publication p with (connect = false, slot_name = none)`,
    ],
    cure: ['drop subscription upstream'],
  },
  {
    id: 'databases-left-out',
    verdict: 'warn',
    names: 'shut (accepts no connections)',
    ill: ['create database shut allow_connections false'],
    cure: ['drop database shut'],
  },
];

describe('assess fires, and is silent after the remedy:', () => {
  firesUntilCured(() => source, CASES);
});
