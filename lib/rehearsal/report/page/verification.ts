/** The verification as a section: table by table with the evidence, else by database. */
import type { EvidenceFacts, VerificationEvidence } from '../evidence/evidence-facts';
import type { MigrationFacts } from '../history/migration-facts';
import { count } from '../words';
import type { TableRow, VerificationSection } from './page';

/** Null when nothing was verified. */
export function verificationSection(facts: MigrationFacts, evidence: EvidenceFacts): VerificationSection | null {
  const { verification } = facts;
  const whole = evidence.verification;
  if (verification === null && whole === null) return null;
  const tables = whole === null ? null : tableRows(whole);
  const different =
    verification?.verdict === 'different' || (tables ?? []).some(({ verdict }) => verdict === 'different');
  const left = verification?.keysToCompareAgain ?? 0;
  const gate = facts.cutover?.keysCompared;
  return {
    verdict: different ? 'different' : 'equal',
    summary:
      `Every row of both sides was read, hashed and compared in ranges while writes went on; the catalogues were compared too. ` +
      `${count(left)} rows had changed since and were left to the cutover` +
      (gate == null ? '.' : `, which compared ${count(gate)} changed rows under the fence, when nobody could write.`),
    tables,
    databases: (verification?.databases ?? []).map(({ name, tables: number, rows, bytes, ...found }) => ({
      name,
      tables: number,
      rows,
      bytes,
      different: [...found.mismatchedTables, ...found.catalogDifferences],
    })),
  };
}

function tableRows({ tables, findings }: VerificationEvidence): TableRow[] {
  const found = new Map(findings.map((finding) => [finding.name, finding]));
  const rows = tables.map(({ database, schema, name, rows: number, bytes, different }): TableRow => {
    const relation = `${quoted(schema)}.${quoted(name)}`;
    const mismatch = found.get(database)?.mismatched.find((one) => one.relation === relation);
    return {
      database,
      name: `${shown(schema)}.${shown(name)}`,
      rows: number,
      bytes,
      verdict: mismatch === undefined ? 'equal' : 'different',
      compared: comparedWords(different, mismatch?.keys),
    };
  });
  const catalogues = findings.flatMap(({ name, catalogDifferences }) =>
    catalogDifferences.map((difference): TableRow => {
      return { database: name, name: 'catalogue', rows: 0, bytes: 0, verdict: 'different', compared: difference };
    }),
  );
  // What differs is what a reader looks for.
  return [...catalogues, ...rows].sort((a, b) => rank(a) - rank(b));
}

function comparedWords(different: number, keys: number | undefined): string {
  if (keys !== undefined) return keys === 0 ? 'the whole table differs' : `${count(keys)} rows differ`;
  return different === 0 ? 'every row' : `every row; ${count(different)} changed meanwhile, compared again`;
}

function rank({ verdict }: TableRow): number {
  return verdict === 'different' ? 0 : 1;
}

/** As the evidence names relations: quoted where PostgreSQL needs it to be unmistakable. */
function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** Quoted only where PostgreSQL would need it: a reader knows the table by its plain name. */
function shown(name: string): string {
  return /^[a-z_][a-z0-9_$]*$/.test(name) ? name : quoted(name);
}
