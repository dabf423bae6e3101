import { AssessedSource } from './assessed-source';
import { firesUntilCured, type RemedyCase } from './remedy-case';

let source: AssessedSource;
beforeAll(async () => {
  source = await AssessedSource.start(17);
});
afterAll(() => source?.close());

const KEYLESS = ['create table keyless (body text)', 'alter table keyless owner to app_owner'];
const DROP_KEYLESS = ['drop table keyless'];
const BLOCKING = { policy: { missingReplicaIdentity: 'block' as const } };

const CASES: readonly RemedyCase[] = [
  {
    id: 'replica-identity',
    verdict: 'warn',
    names: 'app: "public"."keyless", it has no primary key',
    database: 'app',
    ill: KEYLESS,
    cure: ['alter table keyless replica identity full'],
    after: DROP_KEYLESS,
  },
  {
    id: 'replica-identity',
    verdict: 'block',
    names: '"public"."keyless"',
    database: 'app',
    circumstances: BLOCKING,
    ill: KEYLESS,
    cure: ['alter table keyless add column id int primary key'],
    after: DROP_KEYLESS,
  },
  {
    id: 'replica-identity',
    verdict: 'block',
    names: 'their owners are stranger',
    database: 'app',
    ill: ['create role stranger', 'create table keyless (body text)', 'alter table keyless owner to stranger'],
    cure: ['alter table keyless replica identity full'],
    after: [...DROP_KEYLESS, 'drop role stranger'],
  },
  {
    id: 'replica-identity',
    verdict: 'block',
    names: 'its replica identity is NOTHING',
    database: 'app',
    circumstances: BLOCKING,
    ill: ['alter table keyed replica identity nothing'],
    cure: ['alter table keyed replica identity default'],
  },
  {
    id: 'replica-identity',
    verdict: 'block',
    names: 'its primary key is deferrable',
    database: 'app',
    circumstances: BLOCKING,
    ill: ['create table keyless (id int primary key deferrable)'],
    cure: DROP_KEYLESS,
  },
  {
    id: 'replica-identity',
    verdict: 'block',
    names: 'only a partial unique index',
    database: 'app',
    circumstances: BLOCKING,
    ill: ['create table keyless (id int not null)', 'create unique index on keyless (id) where id > 0'],
    cure: DROP_KEYLESS,
  },
  {
    id: 'replica-identity',
    verdict: 'block',
    names: 'its replica identity index is missing or unusable',
    database: 'app',
    circumstances: BLOCKING,
    ill: [
      'create table keyless (id int not null)',
      'create unique index keyless_id on keyless (id)',
      'alter table keyless replica identity using index keyless_id',
      `update pg_index set indisvalid = false where indexrelid = 'keyless_id'::regclass`,
    ],
    cure: ['reindex index keyless_id'],
    after: DROP_KEYLESS,
  },
  {
    id: 'replica-identity',
    verdict: 'block',
    names: '"public"."parted_1", it has no primary key',
    database: 'app',
    circumstances: BLOCKING,
    ill: [
      'create table parted (id int) partition by range (id)',
      'create table parted_1 partition of parted for values from (0) to (9)',
    ],
    cure: ['alter table parted add primary key (id)'],
    after: ['drop table parted'],
  },
  {
    id: 'replica-identity-types',
    verdict: 'block',
    names: '"public"."keyless" column "body" of type json',
    database: 'app',
    ill: ['create table keyless (body json)', 'alter table keyless owner to app_owner'],
    cure: ['alter table keyless alter column body type jsonb'],
    after: DROP_KEYLESS,
  },
  {
    id: 'replica-identity-types',
    verdict: 'block',
    names: '"public"."keyless" column "body" of type json',
    database: 'app',
    ill: ['create table keyless (code text, body json)', 'create unique index on keyless (code)'],
    cure: ['alter table keyless alter column code set not null', 'alter table keyless owner to app_owner'],
    after: DROP_KEYLESS,
  },
  {
    id: 'replica-identity',
    verdict: 'warn',
    names: 'it has no primary key, but has the unique index "keyless_code_idx"',
    database: 'app',
    ill: [
      'create table keyless (code text not null, body json)',
      'create unique index on keyless (code)',
      'alter table keyless owner to app_owner',
    ],
    cure: DROP_KEYLESS,
  },
  {
    id: 'replica-identity-types',
    verdict: 'block',
    names: '"places" of type places',
    database: 'app',
    ill: [
      'create domain places as point[]',
      'create table keyless (id int primary key, places places)',
      'alter table keyless replica identity full',
    ],
    cure: ['alter table keyless replica identity default'],
    after: [...DROP_KEYLESS, 'drop domain places'],
  },
];

describe('assess fires, and is silent after the remedy:', () => {
  it('and changes nothing when a keyless table belongs to a role that the master user cannot join', async () => {
    await source.admin('app', 'create role stranger', 'create table keyless (body text)');
    await source.admin('app', 'alter table keyless owner to stranger');
    const before = await source.fingerprint();
    const { output } = await source.assess();
    expect(output.blocks.map(({ id }) => id).sort()).toEqual(['replica-identity', 'table-owners']);
    expect(await source.fingerprint()).toEqual(before);
    await source.admin('app', 'drop table keyless', 'drop role stranger');
  });

  firesUntilCured(() => source, CASES);
});
