/** Cases of the checks of `locale-checks.test.ts`. */
import { healthyInspection } from '../assessed-source';
import type { RemedyCase } from '../remedy-case';

const HEALTHY = healthyInspection(17);

/** Each fires on a real server and is cured. */
export const LOCALE_CASES: readonly RemedyCase[] = [
  {
    id: 'extension-versions',
    verdict: 'warn',
    names: 'app: pg_trgm 1.5, while 1.6 is there',
    database: 'app',
    ill: [`create extension pg_trgm version '1.5'`],
    cure: 'remedy',
    after: ['drop extension pg_trgm'],
  },
  {
    id: 'extension-versions',
    verdict: 'warn',
    names: 'pg_trgm 1.6, which rds.allowed_extensions of sealift-guard-target-17 leaves out',
    database: 'app',
    circumstances: {
      inspection: {
        ...HEALTHY,
        surroundings: {
          ...HEALTHY.surroundings,
          parameters: [{ name: 'rds.allowed_extensions', source: null, target: 'hstore, citext' }],
        },
      },
    },
    ill: ['create extension pg_trgm'],
    cure: ['drop extension pg_trgm'],
  },
  {
    id: 'encoding',
    verdict: 'warn',
    names: 'legacy',
    ill: [`create database legacy encoding 'SQL_ASCII' locale 'C' template template0`],
    cure: ['drop database legacy'],
  },
  {
    id: 'collation-versions',
    verdict: 'warn',
    names: 'database sorted was built with 0.1, the library is',
    ill: [
      `create database sorted locale_provider icu icu_locale 'en-US' encoding 'UTF8' template template0`,
      `update pg_database set datcollversion = '0.1' where datname = 'sorted'`,
    ],
    database: 'postgres',
    cure: ['alter database sorted refresh collation version'],
    after: ['drop database sorted'],
  },
  {
    id: 'collation-versions',
    verdict: 'warn',
    names: '"public"."german" was built with 0.1, the library is',
    database: 'app',
    ill: [
      `create collation german (provider = icu, locale = 'de-DE')`,
      'create table sorted (id int primary key, name text collate german)',
      `update pg_collation set collversion = '0.1' where collname = 'german'`,
    ],
    cure: 'remedy',
    after: ['drop table sorted', 'drop collation german'],
  },
  {
    id: 'connection-limits',
    verdict: 'block',
    names: 'narrow allows 0',
    ill: ['create database narrow connection limit 0'],
    cure: 'remedy',
    after: ['drop database narrow'],
  },
  {
    id: 'connection-limits',
    verdict: 'warn',
    names: 'narrow allows 3',
    ill: ['create database narrow connection limit 3'],
    cure: 'remedy',
    after: ['drop database narrow'],
  },
];
