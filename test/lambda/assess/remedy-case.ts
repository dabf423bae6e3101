/** Cases that make one check fire and then do what its remedy says. */
import type { CheckId } from '../../../lambda/assess/check';
import type { AssessedSource, Circumstances } from './assessed-source';

/** Makes a check fire, and shows that the cure silences it: whatever stands in the remedy, as a DBA would run it. */
export interface RemedyCase {
  readonly id: CheckId;
  readonly verdict: 'warn' | 'block';
  /** Part of the detail: the object's name. */
  readonly names: string;
  readonly database?: string;
  readonly ill: readonly string[];
  /** Statements, or `remedy`: what the check itself says, after its `in <database>: ` is taken off. */
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
      await source().admin(database, ...each.ill);
      const ill = await source().assess(circumstances);
      expect(ill.check(id)).toMatchObject({ verdict: each.verdict, detail: expect.stringContaining(each.names) });
      expect(ill.check(id).remedy).not.toBe('');
      expect(ill.output.blocks.some((check) => check.id === id)).toBe(each.verdict === 'block');
      await source().admin(database, ...(each.cure === 'remedy' ? statementsOf(ill.check(id).remedy) : each.cure));
      expect((await source().assess(circumstances)).check(id)).toMatchObject({ verdict: 'pass', remedy: '' });
      await source().admin(database, ...after);
    },
  );

  it('and leaves the source as healthy as it was', async () => {
    expect((await source().assess()).report.checks.filter((check) => check.verdict !== 'pass')).toEqual([]);
  });
}

function statementsOf(remedy: string): readonly string[] {
  return remedy.split('; ').map((statement) => statement.replace(/^in [^:]+: /, ''));
}
