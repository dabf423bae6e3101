/**
 * Judges I6 directly: when a run has ended, the first call of every step is delivered once more. Whoever carries an epoch that no ledger
 * holds any more must change nothing, which is read from both catalogues, both ledgers and AWS.
 */
import { STEPS, type StepName } from '../../../lambda/contract';
import { RECORD_NAME } from '../run/place';
import type { Surroundings } from '../run/surroundings';
import type { PostgresServer } from '../servers/postgres-server';
import { differences, readSourceState } from './source-state';
import type { FirstCall } from './strike';

/** What late calls came to. */
export interface LateCalls {
  /** Steps that were called. */
  readonly called: readonly StepName[];
  /** Lines that differ afterwards; empty when nothing was changed. */
  readonly changed: readonly string[];
}

/** Tables of the ledger, without the queue, which no phase reads twice. */
const LEDGER_TABLES = ['migration', 'undo', 'marker', 'quarantine'];

/** Rows by their hash: what they hold is nobody's business. */
const rowsOf = (table: string) =>
  `select format('${table} %s', md5(t::text)) as line from sealift.${table} t order by 1`;

const SUBSCRIPTIONS = `
  select format('subscription %s %s %s', subname, subenabled, subslotname) as line from pg_subscription order by 1`;

/** Delivers the calls that are late; nothing else of Sealift may be at work. */
export async function callLate(
  surroundings: Surroundings,
  calls: ReadonlyMap<StepName, FirstCall>,
): Promise<LateCalls> {
  const current = await epochs(surroundings);
  const late = [...calls].filter(([step, { payload }]) => {
    const { epoch } = payload as { epoch?: unknown };
    // Functions outside the VPC cannot ask a ledger; what they make has names that are looked for first.
    return STEPS[step].reach === 'database' && typeof epoch === 'string' && !current.has(epoch);
  });
  if (late.length === 0) return { called: [], changed: [] };
  const before = await everything(surroundings);
  for (const [, { functionName, payload }] of late) {
    await surroundings.aws.lambda.invoke(functionName, payload).catch(() => undefined);
  }
  const changed = differences(before, await everything(surroundings));
  return { called: late.map(([step]) => step), changed };
}

function sides({ source, target }: Surroundings): [name: string, server: PostgresServer][] {
  const other = target();
  return [['source', source], ...(other?.running ? [['target', other] as [string, PostgresServer]] : [])];
}

async function epochs(surroundings: Surroundings): Promise<Set<string>> {
  const found = new Set<string>();
  for (const [, server] of sides(surroundings)) {
    await server.withAdmin('postgres', async (session) => {
      if (!(await hasTable(session, 'migration'))) return;
      const { rows } = await session.query<{ epoch: string }>('select epoch::text from sealift.migration');
      for (const { epoch } of rows) found.add(epoch);
    });
  }
  return found;
}

async function everything(surroundings: Surroundings): Promise<string[]> {
  const { aws } = surroundings;
  const lines: string[] = [];
  for (const [name, server] of sides(surroundings)) {
    const databases = await databasesOn(server, surroundings.databases);
    const { access, privileges, identities, ours } = await readSourceState(server, databases);
    const read = [...access, ...privileges, ...identities, ...ours];
    for (const database of ['postgres', ...databases]) {
      const own = await server.withAdmin(database, ownLines);
      read.push(...own.map((line) => `${database}: ${line}`));
    }
    lines.push(...read.map((line) => `${name}: ${line}`));
  }
  const { rds, secrets } = aws.plane;
  return [
    ...lines,
    `record: ${JSON.stringify(aws.plane.locate(RECORD_NAME))}`,
    ...rds.instances.list().map(({ instanceId }) => `instance ${instanceId}`),
    ...rds.snapshots.list().map(({ snapshotId }) => `snapshot ${snapshotId}`),
    ...secrets.all().map(({ name, versions }) => `secret ${name} with ${versions.size} versions`),
  ];
}

/** A target that is filled over connections has none of them until its roles and databases are made. */
async function databasesOn(server: PostgresServer, wanted: readonly string[]): Promise<string[]> {
  const { rows } = await server.withAdmin('postgres', (session) =>
    session.query<{ name: string }>('select datname as name from pg_database where datname = any ($1) order by 1', [
      wanted,
    ]),
  );
  return rows.map(({ name }) => name);
}

type Session = Awaited<ReturnType<PostgresServer['admin']>>;

async function ownLines(session: Session): Promise<string[]> {
  const lines = (await session.query<{ line: string }>(SUBSCRIPTIONS)).rows;
  for (const table of LEDGER_TABLES) {
    if (await hasTable(session, table)) lines.push(...(await session.query<{ line: string }>(rowsOf(table))).rows);
  }
  return lines.map(({ line }) => line);
}

async function hasTable(session: Session, table: string): Promise<boolean> {
  const { rows } = await session.query<{ there: boolean }>('select to_regclass($1) is not null as there', [
    `sealift.${table}`,
  ]);
  return rows[0]?.there ?? false;
}
