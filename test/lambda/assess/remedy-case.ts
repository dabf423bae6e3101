/** Cases that make one check fire and then do what its remedy says. */
import type { CheckId } from '../../../lambda/assess/check';
import type { AssessedSource, Circumstances } from './assessed-source';

type Settings = Record<string, string | number | boolean>;

/** Makes a check fire, and shows that the cure silences it: whatever stands in the remedy, as a DBA would run it. */
export interface RemedyCase {
  readonly id: CheckId;
  readonly verdict: 'warn' | 'block';
  /** Part of the detail: the object's name. */
  readonly names: string;
  readonly database?: string;
  readonly ill: readonly string[];
  /** Settings of the server that make it fire, instead of statements or beside them. */
  readonly settings?: Settings;
  /** Statements, or `remedy`: the statements and settings that the check itself prints, where it says. */
  readonly cure: readonly string[] | 'remedy';
  readonly after?: readonly string[];
  readonly circumstances?: Circumstances;
}

/** Tests of the `describe` that calls it: each case fires and is cured, and nothing of them is left on `source`. */
export function firesUntilCured(source: () => AssessedSource, cases: readonly RemedyCase[]): void {
  it.each(cases.map((each) => [`${each.id} ${each.verdict}s, naming ${each.names}`, each] as const))(
    '%s',
    async (_title, each) => {
      const { id, database = 'postgres', circumstances = {}, after = [] } = each;
      if (each.settings) await source().restart(each.settings);
      await source().admin(database, ...each.ill);
      const ill = await source().assess(circumstances);
      expect(ill.check(id)).toMatchObject({ verdict: each.verdict, detail: expect.stringContaining(each.names) });
      expect(ill.check(id).remedy).not.toBe('');
      expect(ill.output.blocks.some((check) => check.id === id)).toBe(each.verdict === 'block');
      await cure(source(), each, ill.check(id).remedy);
      expect((await source().assess(circumstances)).check(id)).toMatchObject({ verdict: 'pass', remedy: '' });
      await source().admin(database, ...after);
    },
  );

  it('and leaves the source as healthy as it was', async () => {
    if (cases.some(({ settings }) => settings)) await source().restart();
    expect((await source().assess()).report.checks.filter((check) => check.verdict !== 'pass')).toEqual([]);
  });
}

async function cure(source: AssessedSource, each: RemedyCase, remedy: string): Promise<void> {
  const { database = 'postgres', settings } = each;
  if (each.cure !== 'remedy') {
    if (settings) await source.restart();
    return source.admin(database, ...each.cure);
  }
  const corrected = settingsOf(remedy);
  const printed = statementsOf(remedy);
  expect([...Object.keys(corrected), ...printed]).not.toEqual([]);
  if (settings) await source.restart({ ...settings, ...corrected });
  for (const { where, statement } of printed) await source.admin(where ?? database, statement);
}

interface PrintedStatement {
  /** Database that it is printed for. */
  readonly where: string | null;
  readonly statement: string;
}

/** The statements of a remedy: those with `in <database>: ` before them, wherever they stand, and bare ones. */
export function statementsOf(remedy: string): PrintedStatement[] {
  return remedy.split('; ').flatMap((part): PrintedStatement[] => {
    const [, where, placed] = /(?:^|[,:] (?:or |such as )?|such as )in ([^:]+): (.+)$/.exec(part) ?? [];
    if (where !== undefined && placed !== undefined) return [{ where, statement: placed }];
    const [, bare] = /(?:^|, or: )((?:alter|drop|grant|reindex|revoke|select|update) .+)$/.exec(part) ?? [];
    return bare === undefined ? [] : [{ where: null, statement: bare }];
  });
}

/** The settings that a remedy says to set. */
export function settingsOf(remedy: string): Record<string, string> {
  const found = [...remedy.matchAll(/set ([a-z_.]+) to (?:at least )?(\d+)( MB)?/g)];
  return Object.fromEntries(
    found.map(([, name = '', value = '', unit]) =>
      name === 'rds.logical_replication' ? ['wal_level', 'logical'] : [name, unit ? `${value}MB` : value],
    ),
  );
}
