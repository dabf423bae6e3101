/** `Retire` after a move whose way back is open: refused, interrupted, finished, and asked once more. */

import { ACCOUNT, MIGRATION, REGION } from '../../lib/rehearsal/run/place';
import type { Surroundings } from '../../lib/rehearsal/run/surroundings';
import type { PostgresServer } from '../../lib/rehearsal/servers/postgres-server';

const MACHINE = `arn:aws:states:${REGION}:${ACCOUNT}:stateMachine:sealift-${MIGRATION}-retire`;

/** The state at which an operator stops it. */
const STOPPED_AT = 'Take the last snapshot';

/** How an execution ended. */
export interface Ended {
  readonly status: string;
  readonly error: string | null;
  readonly output: Record<string, unknown>;
}

/** What stands at a moment. */
export interface Standing {
  /** Of the source: how it follows the target. */
  readonly subscriptions: readonly string[];
  /** Of the target: what the source reads from, and what is published to it. */
  readonly slots: readonly string[];
  readonly publications: readonly string[];
  /** Tables of the source, those of the ledger left out. */
  readonly tables: readonly string[];
  /** Instances and snapshots of the account. */
  readonly instances: readonly string[];
  readonly snapshots: readonly string[];
}

/** What became of the executions, in their order, and what stood before and after them. */
export interface Retirement {
  readonly refused: Ended;
  readonly stopped: Ended;
  readonly finished: Ended;
  readonly again: Ended;
  readonly before: Standing;
  readonly afterRefusal: Standing;
  readonly after: Standing;
}

/** Starts `Retire` while the window is open, then early and stopped in its middle, then twice to its end. */
export async function retireAtLast(at: Surroundings): Promise<Retirement> {
  const before = await standing(at);
  const refused = await run(at, 'refused', {});
  const afterRefusal = await standing(at);
  const stopped = await run(at, 'stopped', { early: true }, STOPPED_AT);
  const finished = await run(at, 'finished', { early: true });
  const after = await standing(at);
  return { before, refused, afterRefusal, stopped, finished, after, again: await run(at, 'again', { early: true }) };
}

/** Runs an execution to its end, or until it enters a state. */
async function run({ aws }: Surroundings, name: string, input: object, stopAt?: string): Promise<Ended> {
  const { executionArn } = aws.machines.startExecution({ stateMachineArn: MACHINE, name, input });
  const ended = aws.machines.result(executionArn);
  if (stopAt !== undefined) {
    // Ends with the execution at the latest.
    while (!entered(aws, executionArn, stopAt) && aws.machines.describeExecution(executionArn).status === 'RUNNING') {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    await aws.machines.stopExecution(executionArn);
  }
  await ended;
  const { status, error, output } = aws.machines.describeExecution(executionArn);
  return { status, error: error ?? null, output: JSON.parse(output ?? '{}') };
}

function entered(aws: Surroundings['aws'], executionArn: string, state: string): boolean {
  const history = aws.machines.getExecutionHistory(executionArn);
  return history.some(({ type, ...event }) => type.endsWith('StateEntered') && JSON.stringify(event).includes(state));
}

async function standing(at: Surroundings): Promise<Standing> {
  const { source, databases, aws } = at;
  const target = at.target();
  if (target === null) throw new Error('there is no target');
  const inEach = async (server: PostgresServer, query: string) =>
    (await Promise.all(databases.map((database) => namesIn(server, database, query)))).flat();
  return {
    subscriptions: await namesIn(source, 'postgres', 'select subname as name from pg_subscription'),
    slots: await namesIn(target, 'postgres', 'select slot_name as name from pg_replication_slots'),
    publications: await inEach(target, 'select pubname as name from pg_publication'),
    tables: await inEach(
      source,
      `select format('%I.%I', schemaname, tablename) as name from pg_tables where schemaname not in ('sealift') order by 1`,
    ),
    instances: aws.plane.rds.instances.list().map(({ instanceId }) => instanceId),
    snapshots: aws.plane.rds.snapshots.list().map(({ snapshotId }) => snapshotId),
  };
}

function namesIn(server: PostgresServer, database: string, query: string): Promise<string[]> {
  return server.withAdmin(database, async (session) => {
    const { rows } = await session.query<{ name: string }>(query);
    return rows.map(({ name }) => name);
  });
}
