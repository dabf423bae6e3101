/** Cases of the checks of `privileges-checks.test.ts`. */
import { MASTER } from '../assessed-source';
import type { RemedyCase } from '../remedy-case';

/** Each fires on a real server and is cured. */
export const PRIVILEGE_CASES: readonly RemedyCase[] = [
  {
    id: 'replication-privilege',
    verdict: 'block',
    names: 'create slots',
    ill: [`alter role ${MASTER.username} noreplication`, `revoke rds_replication from ${MASTER.username}`],
    cure: 'remedy',
    after: [`alter role ${MASTER.username} replication`],
  },
  {
    id: 'replication-privilege',
    verdict: 'block',
    names: 'create roles',
    ill: [`alter role ${MASTER.username} nocreaterole`],
    cure: 'remedy',
  },
  {
    id: 'subscription-privilege',
    verdict: 'block',
    names: 'create subscriptions',
    ill: ['revoke pg_create_subscription from rds_superuser'],
    cure: 'remedy',
    after: [
      `revoke pg_create_subscription from ${MASTER.username}`,
      'grant pg_create_subscription to rds_superuser with admin option',
    ],
  },
  {
    id: 'signal-privilege',
    verdict: 'block',
    names: 'terminate',
    ill: ['revoke pg_signal_backend from rds_superuser'],
    cure: 'remedy',
    after: [`revoke pg_signal_backend from ${MASTER.username}`, 'grant pg_signal_backend to rds_superuser'],
  },
  {
    id: 'activity-privilege',
    verdict: 'block',
    names: 'see other sessions',
    ill: ['revoke pg_read_all_stats from rds_superuser', 'revoke pg_monitor from rds_superuser'],
    cure: 'remedy',
    after: [`revoke pg_read_all_stats from ${MASTER.username}`, 'grant pg_read_all_stats, pg_monitor to rds_superuser'],
  },
  {
    id: 'login-roles',
    verdict: 'block',
    names: 'superusers: boss',
    ill: ['create role boss login superuser'],
    cure: ['drop role boss'],
  },
  {
    id: 'login-roles',
    verdict: 'block',
    names: 'may not alter: stranger',
    ill: ['create role stranger login'],
    cure: 'remedy',
    after: ['drop role stranger'],
  },
  {
    id: 'table-owners',
    verdict: 'block',
    names: 'stranger of 1 objects in app',
    database: 'app',
    ill: ['create role stranger', 'create table theirs (id int primary key)', 'alter table theirs owner to stranger'],
    cure: 'remedy',
    after: ['drop table theirs', 'drop role stranger'],
  },
  {
    id: 'database-privileges',
    verdict: 'block',
    names: 'connect on closed',
    ill: ['create database closed', 'revoke connect on database closed from public'],
    cure: 'remedy',
    after: ['drop database closed'],
  },
  {
    id: 'origin-functions',
    verdict: 'block',
    names: 'pg_replication_origin_advance',
    database: 'app',
    ill: ['revoke execute on function pg_replication_origin_advance(text, pg_lsn) from rds_superuser'],
    cure: 'remedy',
    after: [
      `revoke execute on function pg_replication_origin_advance(text, pg_lsn) from ${MASTER.username}`,
      'grant execute on function pg_replication_origin_advance(text, pg_lsn) to rds_superuser',
    ],
  },
];
