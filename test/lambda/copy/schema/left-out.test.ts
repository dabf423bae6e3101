import type { Entry } from '../../../../lambda/copy/schema/entries';
import { planExtensions } from '../../../../lambda/copy/schema/extensions';
import { filterEntries, refuseLostTables, withoutDependents } from '../../../../lambda/copy/schema/filter';
import { RULES } from '../../../../lambda/copy/schema/rules';

const RDS = { superuser: false };

function entry(type: string, name: string, oid: string, ...statements: string[]): Entry {
  return { section: 'pre-data', type, name, schema: 's', owner: 'o', catalogId: { catalog: '1259', oid }, statements };
}

describe('what is left out', () => {
  it('is named by a rule with a reason, and goes with all that is said of it', () => {
    const native = entry(
      'FUNCTION',
      'f(int)',
      '1',
      `CREATE FUNCTION s.f(int) RETURNS int LANGUAGE c AS 'l', 'f'`,
      'ALTER FUNCTION s.f(int) OWNER TO o',
    );
    expect(filterEntries([native], RDS)).toEqual({
      kept: [],
      leftOut: [expect.objectContaining({ rule: 'native code', loss: 'lost', object: 's.f(int)' })],
    });
    expect(filterEntries([native], { superuser: true }).kept).toEqual([native]);
    expect(new Set(RULES.map(({ name }) => name)).size).toBe(RULES.length);
  });

  it.each([
    ['TABLE', 'CREATE TABLE s."language c" (a int DEFAULT 1)'],
    ['FUNCTION', `CREATE FUNCTION s.f("language" int) RETURNS text LANGUAGE sql AS 'select ''language c'''`],
    ['COMMENT', `COMMENT ON TABLE s.t IS 'create extension'`],
    ['TYPE', 'CREATE TYPE s."input" AS (internallength int)'],
  ])('is no %s that only looks so', (type, statement) => {
    expect(filterEntries([entry(type, 'x', '1', statement)], RDS)).toMatchObject({ leftOut: [], kept: [{ type }] });
  });

  it('never holds the text of a statement, which may hold a password', () => {
    const mapping = entry('USER MAPPING', 'u', '1', `CREATE USER MAPPING FOR u SERVER e OPTIONS (password 'hunter2')`);
    const { kept, leftOut } = filterEntries([mapping], RDS);
    expect(kept).toEqual([]);
    expect(JSON.stringify(leftOut)).not.toContain('hunter2');
  });

  it('fails when a table would go with it', () => {
    const type = entry('TYPE', 'own', '1', 'CREATE TYPE s.own (\n    INTERNALLENGTH = 8,\n    INPUT = s.i\n)');
    const table = entry('TABLE', 'rows', '2', 'CREATE TABLE s.rows (a s.own)');
    const filtered = withoutDependents(filterEntries([type, table], RDS), new Set(['1259:2']));
    expect(filtered.kept).toEqual([]);
    expect(() => refuseLostTables(filtered.leftOut)).toThrow(/s\.rows first: they depend on type s\.own \(base type\)/);
  });

  it('lets grants of others be made in their name by a member of theirs', () => {
    const acl = entry(
      'ACL',
      'TABLE t',
      '1',
      `SET SESSION AUTHORIZATION "Odd ""one"""`,
      'GRANT SELECT ON TABLE s.t TO r',
      'RESET SESSION AUTHORIZATION',
    );
    expect(filterEntries([acl], RDS).kept[0]?.statements).toEqual([
      'set local role "Odd ""one"""',
      'GRANT SELECT ON TABLE s.t TO r',
      'reset role',
    ]);
  });
});

describe('extensions', () => {
  const installed = ['hstore', 'plperlu', 'postgis'].map((name) => ({ name, version: '1', schema: 'Odd "schema"' }));
  const offer = { version: '2', installed: null, schema: null, allowed: true };

  it('fail together when the target does not offer or allow them', () => {
    const offered = [
      { ...offer, name: 'hstore' },
      { ...offer, name: 'plperlu', allowed: false },
    ];
    expect(() => planExtensions('app', installed, offered, [])).toThrow(
      /does not offer postgis; the master user may not install plperlu/,
    );
  });

  it('are skipped only where the configuration says so, and come as the target has them', () => {
    const offered = [{ ...offer, name: 'hstore' }];
    const { statements, leftOut } = planExtensions('app', installed, offered, ['plperlu', 'postgis']);
    expect(statements.map(({ text }) => text)).toEqual([
      `create extension if not exists "hstore" with schema "Odd ""schema""" version '2'`,
    ]);
    expect(leftOut.map(({ rule, object }) => `${rule}: ${object}`)).toEqual([
      'version of an extension: hstore',
      'skipped extension: plperlu',
      'skipped extension: postgis',
    ]);
  });
});
