/** What is compared between two majors: equal databases are equal, and nothing else is. */

import { readDrift } from '../../../lambda/proof/catalog-diff';
import { catalogDigest } from '../../../lambda/proof/catalog-digest';
import { compareRange } from '../../../lambda/proof/compare';
import { inWords } from '../../../lambda/proof/compare-facts';
import { pinSettings, WHOLE } from '../../../lambda/proof/row-hash';
import { listTables } from '../../../lambda/proof/tables';
import { majorsAtHand } from '../../../lib/rehearsal/servers/binaries';
import { fillRows, follow, forgetLeftOut, keepLeftOut, startCopied } from './majors';

/** Every pair takes minutes; SEALIFT_ALL=1 asks for it, otherwise the oldest and the newest major that need no network stand for all. */
const known = process.env.SEALIFT_ALL === '1' ? [13, 14, 15, 16, 17, 18] : majorsAtHand();
const PAIRS = known.flatMap((from) => known.filter((to) => to >= from).map((to) => [from, to] as const));
const ASKED = process.env.SEALIFT_ALL === '1' ? PAIRS : [[known[0] ?? 15, known.at(-1) ?? 17] as const];

/** One change each, and what it is called. */
const CHANGES: readonly (readonly [change: string, named: string])[] = [
  [
    'alter table nasty."äöü ß 漢字 🐘" alter "a.b" type bigint',
    'column nasty."äöü ß 漢字 🐘"."a.b" is defined otherwise',
  ],
  [`alter table nasty.parent alter b set default 'q'`, 'column nasty.parent.b is defined otherwise'],
  ['alter table nasty.egg alter part_id set not null', 'column nasty.egg.part_id is defined otherwise'],
  ['drop index nasty.only_here', 'index nasty.only_here is missing'],
  [
    `drop index nasty.listed_kinds; create index listed_kinds on nasty.listed (lower(kind)) where kind in ('a', 'c')`,
    'index nasty.listed_kinds is defined otherwise',
  ],
  [
    `alter table nasty.listed drop constraint listed_kind_check, add constraint listed_kind_check check (kind in ('a', 'c'))`,
    'constraint nasty.listed_kind_check on nasty.listed is defined otherwise',
  ],
  ['alter table nasty.hen drop constraint half_checked', 'constraint nasty.half_checked on nasty.hen is missing'],
  [
    `create or replace function nasty.add_up(state int, n int) returns int language sql immutable as 'select $1 - $2'`,
    'function nasty.add_up(integer, integer) is defined otherwise',
  ],
  [
    `create or replace procedure nasty."called; so" (inout n int, m text default 'x' || 'z') language plpgsql as 'begin end'`,
    'function nasty."called; so"(integer, text) is defined otherwise',
  ],
  [
    'drop trigger changed on nasty.listed; create trigger changed before update on nasty.listed for each row when (old.id is distinct from new.id) execute function nasty.changed()',
    'trigger changed on nasty.listed is defined otherwise',
  ],
  [
    'alter table nasty."Odd; Table" disable trigger always_on',
    'trigger always_on on nasty."Odd; Table" is defined otherwise',
  ],
  [
    `alter policy theirs on nasty.listed using (exists (select from nasty.egg where egg.id = listed.id))`,
    'policy theirs on nasty.listed is defined otherwise',
  ],
  [
    `comment on column nasty.listed.hour is 'of the night'`,
    'comment table column nasty.listed.hour is defined otherwise',
  ],
  ['alter table nasty.of_type owner to nasty_reader', 'relation nasty.of_type is defined otherwise'],
  ['revoke select on nasty.listed from nasty_owner', 'relation nasty.listed is defined otherwise'],
  ['grant update (kind) on nasty.listed to nasty_reader', 'column nasty.listed.kind is defined otherwise'],
  [
    'create or replace view nasty.joined as select e.id as one, e.hen as other from nasty.hen h join nasty.egg e on h.id = e.hen',
    'view nasty.joined is defined otherwise',
  ],
  [
    "create or replace rule kept as on delete to nasty.listed where old.kind in ('a', 'b') do instead (update nasty.hen set rival = 1 where hen.id = old.id)",
    'rule kept on nasty.listed is defined otherwise',
  ],
  [
    'alter domain nasty.sure_mood drop constraint "no; quotes"; alter domain nasty.sure_mood add constraint "no; quotes" check (value <> \'so-so\')',
    'constraint nasty."no; quotes" on nasty.sure_mood is defined otherwise',
  ],
  ['alter sequence nasty.numbers increment by -2', 'sequence nasty.numbers is defined otherwise'],
  [`alter type nasty.mood add value 'more'`, 'enum nasty.mood is defined otherwise'],
  ['alter table nasty.hen enable row level security', 'relation nasty.hen is defined otherwise'],
  ['alter table nasty.parts detach partition nasty.parts_2026', 'relation nasty.parts_2026 is defined otherwise'],
  ['alter role nasty_reader connection limit 3', 'role nasty_reader is defined otherwise'],
  [
    'alter default privileges for role nasty_owner in schema nasty revoke select on tables from nasty_reader',
    'default privileges nasty_owner nasty r is missing',
  ],
];

describe.each(ASKED)('a source of %i and a target of %i', (from, to) => {
  let copied: Awaited<ReturnType<typeof startCopied>>;
  beforeAll(async () => {
    copied = await startCopied(from, to);
  });
  afterAll(() => copied?.pair.close());

  const drift = async () => (await readDrift(copied.source, copied.target)).differences.map(inWords);

  it('say the same of the nastiest schema after it was copied, and nothing is left of the comparison', async () => {
    const before = await Promise.all([catalogDigest(copied.source), catalogDigest(copied.target)]);
    // The plan of the schema told what stays behind.
    expect(await drift()).toEqual([]);
    await forgetLeftOut(copied);
    const unexplained = await drift();
    expect(unexplained).toEqual(
      expect.arrayContaining([
        'event trigger watched is missing on the target',
        'publication everything is missing on the target',
      ]),
    );
    expect(unexplained.filter((each) => !each.endsWith('is missing on the target'))).toEqual([]);
    await keepLeftOut(copied);
    expect(await drift()).toEqual([]);
    expect(await Promise.all([catalogDigest(copied.source), catalogDigest(copied.target)])).toEqual(before);
  });

  it('differ by every change that somebody makes on one of them', async () => {
    for (const [change] of CHANGES) await copied.pair.run('target', 'nasty', change);
    const found = await drift();
    for (const [, named] of CHANGES) expect(found).toContain(`${named} on the target`);
  });

  it('say the same again when the same is changed on the other', async () => {
    for (const [change] of CHANGES) await copied.pair.run('source', 'nasty', change);
    expect(await drift()).toEqual([]);
  });

  it('follow each other in both directions, with what both know of subscriptions', async () => {
    for (const side of ['source', 'target'] as const) {
      await copied.pair.run(
        side,
        'moved',
        'create table moved (id int primary key, f double precision); alter table moved owner to dbadmin',
      );
    }
    for (const [publisher, subscriber] of [
      ['source', 'target'],
      ['target', 'source'],
    ] as const) {
      expect(await follow(copied.pair, publisher, subscriber)).toEqual(['0.1', 'NaN', '-Infinity', '5e-324']);
    }
  });

  it('hash the nastiest rows alike, and find the one that differs', async () => {
    await fillRows(copied.pair);
    const source = await copied.pair.connect('source').session('rows');
    const target = await copied.pair.connect('target').session('rows');
    await Promise.all([pinSettings(source), pinSettings(target)]);
    await copied.pair.run('target', 'rows', `update tricky_numbers set f8 = f8 * (1 + 2.3e-16) where id = 5`);
    const different: string[] = [];
    for (const table of await listTables(source)) {
      const result = await compareRange({ source, target }, table, WHOLE);
      for (const { relation, keys } of result.different.entries()) different.push(`${relation} ${keys.join(' ')}`);
      different.push(...result.different.wholeRelations());
    }
    expect(different).toEqual(['"public"."tricky_numbers" ["5"]']);
  });
});
