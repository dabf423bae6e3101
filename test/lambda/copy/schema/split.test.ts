import fc from 'fast-check';
import { entriesOf } from '../../../../lambda/copy/schema/entries';
import { piecesOf } from '../../../../lambda/copy/schema/split';
import { tokensOf } from '../../../../lambda/copy/schema/tokens';

const textsOf = (dump: string): string[] => [...piecesOf(dump)].map(({ text }) => text);

/** Text in which everything that ends, quotes or comments is likely. */
const hostile = fc
  .array(
    fc.constantFrom(';', "'", '"', '$', '$$', '$a$', '--', '/*', '*/', '\\', '\n', '(', ')', 'e', 'begin', 'ü', ' '),
  )
  .map((parts) => parts.join(''));

const string = hostile.map((text) => `'${text.replaceAll("'", "''")}'`);
const escaped = hostile.map((text) => `E'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`);
const name = hostile.map((text) => `"x${text.replaceAll('"', '""')}"`);
const dollar = hostile.map((text) => `$q$${text.replaceAll('$q$', '')}x$q$`);
const comment = fc.constantFrom('/* ; /* '.concat("' */ */"), '-- ; \' " $$\n');
const nested = fc.array(fc.oneof(string, name)).map((parts) => `(${parts.join(' ; ')})`);
const statement = fc
  .array(fc.oneof(string, escaped, name, dollar, comment, nested, fc.constantFrom('alter', 'a1$', '=', '1e5', '::')), {
    minLength: 1,
  })
  .map((parts) => `select ${parts.join(' ')} end`);

describe('splitting a dump', () => {
  it('ends a statement at its semicolon and nowhere else, whatever it quotes', () => {
    fc.assert(
      fc.property(fc.array(statement), (statements) => {
        expect(textsOf(statements.map((text) => `${text};`).join('\n\n'))).toEqual(statements);
      }),
      { numRuns: 300 },
    );
  });

  it('takes the body of a routine as part of its statement', () => {
    const routine = `CREATE OR REPLACE FUNCTION f("begin" int) RETURNS int LANGUAGE sql
BEGIN ATOMIC
 SELECT CASE WHEN true THEN 1 ELSE (SELECT 2) END AS "end";
 SELECT 'end;';
END`;
    expect(textsOf(`${routine};\nSELECT 1;`)).toEqual([routine, 'SELECT 1']);
    expect(textsOf('CREATE TABLE begin (a int); COMMIT;')).toEqual(['CREATE TABLE begin (a int)', 'COMMIT']);
  });

  it('tells commands of psql from statements', () => {
    expect([...piecesOf('\\restrict a;b\nselect 1;\n\\unrestrict a;b')].map(({ kind }) => kind)).toEqual([
      'psql command',
      'statement',
      'psql command',
    ]);
  });

  it('fails for a dump that was cut', () => {
    expect(() => textsOf("comment on table a is 'half")).toThrow('the dump ends within a statement');
    expect(() => textsOf('create table a (b int')).toThrow('the dump ends within a statement');
  });

  it('reads a body of many megabytes', () => {
    const body = "x''y".repeat(3_000_000);
    expect(textsOf(`select '${body}';`)).toHaveLength(1);
    expect(tokensOf(`select '${body}'`)).toHaveLength(2);
  });
});

describe('entries of a dump', () => {
  const header = (name: string): string => `--
-- TOC entry 7 (class 1259 OID 4711)
-- Dependencies: 3
-- Name: ${name}; Type: TABLE; Schema: public; Owner: Odd; owner
--

`;

  it('name type, object, owner and row of the catalogue', () => {
    const [settings, table] = entriesOf(`SET a = 1;\n${header('t')}CREATE TABLE t ();\nALTER TABLE t OWNER TO o;`);
    expect(settings).toMatchObject({ type: 'SETTINGS', statements: ['SET a = 1'], catalogId: null });
    expect(table).toEqual({
      section: 'pre-data',
      type: 'TABLE',
      name: 't',
      schema: 'public',
      owner: 'Odd; owner',
      catalogId: { catalog: '1259', oid: '4711' },
      statements: ['CREATE TABLE t ()', 'ALTER TABLE t OWNER TO o'],
    });
  });

  it('are not believed where they stand in a body or in a name', () => {
    const body = `CREATE FUNCTION f() RETURNS int AS $$\n${header('lies')}$$ LANGUAGE sql`;
    const entries = entriesOf(`${header('a; Type: VIEW; Schema: x; Owner: y')}${body};`);
    expect(entries).toMatchObject([{ type: 'TABLE', name: 'a; Type: VIEW; Schema: x; Owner: y', statements: [body] }]);
  });
});
