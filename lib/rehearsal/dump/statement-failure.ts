import { DatabaseError } from 'pg';
import { DumpError } from './dump-error';

/** Statements whose error messages may quote values of rows. */
const DATA_KINDS = new Set(['COPY', 'INSERT', 'UPDATE', 'DELETE', 'SELECT', 'DO']);

const DEFAULT_REMEDY = 'correct the dump at this line, or make it again with pg_dump --no-owner --no-privileges';

/** What to do, by SQLSTATE or its class. */
const REMEDIES: readonly (readonly [prefix: string, remedy: string])[] = [
  [
    '0A000',
    'what it needs is not part of this build of PostgreSQL; leave it out of the dump, or rehearse on another major',
  ],
  ['22', 'check the encoding and the major version that the dump was made with'],
  ['23', 'the rows contradict a constraint of the schema; check that all files belong to one dump, in the right order'],
  ['25P02', 'see the first failure of the transaction that the dump opens'],
  ['42501', 'only a superuser may do this, and RDS has none; leave it out of the dump'],
  [
    '42601',
    'the statement is not known to this major; rehearse with --source-version of the server that the dump came from',
  ],
  ['42704', 'what it names is not there; give the files of one dump, the schema first'],
  ['42883', 'what it names is not there; give the files of one dump, the schema first'],
  ['42P01', 'what it names is not there; give the files of one dump, the schema first'],
  ['3F000', 'what it names is not there; give the files of one dump, the schema first'],
  ['42P07', 'it is there already; give each file once'],
  ['42710', 'it is there already; give each file once'],
  ['53100', 'the disk is full: make room, or choose another directory'],
  ['08', 'the server went away; see its log'],
  ['57P', 'the server went away; see its log'],
];

/** Where a statement of a dump stands. */
export interface StatementPlace {
  readonly file: string;
  readonly line: number;
  readonly kind: string;
}

/** Names the statement by place and kind, and the failure by SQLSTATE, without a value of any row. */
export function statementFailure(place: StatementPlace, cause: unknown): DumpError {
  const where = { file: place.file, line: place.line, statementKind: place.kind };
  if (!(cause instanceof DatabaseError) || cause.code === undefined) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    return new DumpError(where, `the connection to the server failed: ${reason}`, 'see the log of the server', {
      cause,
    });
  }
  const { code } = cause;
  const remedy = REMEDIES.find(([prefix]) => code.startsWith(prefix))?.[1] ?? DEFAULT_REMEDY;
  const what = `failed with SQLSTATE ${code}${description(place.kind, cause)}`;
  // The cause of a data statement is left out with its details and context, which quote rows.
  const options = DATA_KINDS.has(place.kind) ? undefined : { cause };
  return new DumpError({ ...where, sqlState: code }, what, remedy, options);
}

function description(kind: string, error: DatabaseError): string {
  if (!DATA_KINDS.has(kind)) return `: ${error.message}`;
  const names = [
    error.table && `table ${error.schema ? `${error.schema}.` : ''}${error.table}`,
    error.column && `column ${error.column}`,
    error.constraint && `constraint ${error.constraint}`,
    copyPlace(error),
  ];
  const named = names.filter(Boolean).join(', ');
  return named ? ` (${named})` : '';
}

/** The context of COPY names table, line and column before it quotes the value; the number is a hint, nothing depends on it. */
function copyPlace(error: DatabaseError): string | null {
  const line = error.where?.match(/^COPY [^\n]*?, \D*(\d+)/)?.[1];
  return line === undefined ? null : `row ${line} of the data`;
}
