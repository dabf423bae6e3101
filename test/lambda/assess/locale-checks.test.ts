import { rewrittenValues } from '../../../lambda/assess/checks/forms';
import type { DatabaseSurvey } from '../../../lambda/assess/survey';
import { AssessedSource } from './assessed-source';
import { LOCALE_CASES } from './cases/locale-cases';
import { firesUntilCured } from './remedy-case';

let source: AssessedSource;
beforeAll(async () => {
  source = await AssessedSource.start(17);
});
afterAll(() => source?.close());

describe('assess fires, and is silent after the remedy:', () => {
  firesUntilCured(() => source, LOCALE_CASES);
});

it('names columns whose values the target writes otherwise, by a query that finds such rows, and only between such majors', async () => {
  await source.admin(
    'app',
    `create domain way as jsonpath; create table odd (id int primary key, "P" way, flags "char"[], letter "char", at char(3));
     insert into odd values (1, '$.a1.b[2]', '{a}', 'a', 'x'), (2, '(2).double()', array[(-56)::"char"], (-56)::"char", 'y')`,
  );
  const { report } = await source.assess({ copy: {} });
  const databases = report.databases as readonly DatabaseSurvey[];
  const told = (from: number, to: number) => rewrittenValues(databases, from, to);
  expect([told(17, 18), told(15, 16)].map(({ verdict }) => verdict)).toEqual(['pass', 'pass']);
  expect(told(15, 17).detail).not.toContain('letter');
  const { verdict, detail, remedy } = told(14, 17);
  expect(verdict).toBe('warn');
  for (const column of ['"P"', '"flags"', '"letter"']) expect(detail).toContain(`"odd" column ${column}`);
  // This server writes the path in the new form already.
  for (const [column, count] of [
    ['"P"', '0'],
    ['"flags"', '1'],
    ['"letter"', '1'],
  ] as const) {
    const query = remedy.split('; ').find((text) => text.split(' where ')[1]?.includes(column)) ?? '';
    await source.server.withAdmin('app', async (session) => {
      const { rows } = await session.query<{ count: string }>(query.slice(query.indexOf('select')));
      expect(rows).toEqual([{ count }]);
    });
  }
  await source.admin('app', 'drop table odd; drop domain way');
});
