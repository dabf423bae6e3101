/** Cases of the checks of `server-checks.test.ts`. */
import { OUR_STREAM } from '../assessed-source';
import type { RemedyCase } from '../remedy-case';

/** Each fires on a real server and is cured. */
export const SERVER_CASES: readonly RemedyCase[] = [
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
    cure: 'remedy',
  },
  {
    id: 'databases-left-out',
    verdict: 'warn',
    names: 'shut (accepts no connections)',
    ill: ['create database shut allow_connections false'],
    cure: ['drop database shut'],
  },
];
