/** What goes on after the executions of a run: reapers, children that end later, and what the runbook asks of an operator. */
import type { LocalAws } from '../run/local-aws';
import type { Surroundings } from '../run/surroundings';
import { machineOf } from '../run/timeline';

/** Longest wait for everything to end. */
const AFTERMATH_MS = 120_000;

/** How often an operator starts a `Rollback` again that was stopped. */
const TAKE_OVERS = 3;

/** Waits until nothing runs, and takes over a `Rollback` that was stopped with the sides turned round. */
export async function bringToAnEnd(surroundings: Surroundings): Promise<void> {
  const { aws } = surroundings;
  await untilQuiet(aws);
  for (let attempt = 1; attempt <= TAKE_OVERS; attempt += 1) {
    const holder = await turnedRoundBy(surroundings);
    const rollbacks = aws.machines
      .listExecutions()
      .filter(({ executionArn }) => machineOf(executionArn) === 'rollback');
    const [first] = rollbacks;
    if (holder === null || first === undefined || rollbacks.some(({ status }) => status === 'SUCCEEDED')) return;
    aws.machines.startExecution({
      stateMachineArn: first.stateMachineArn,
      name: `rehearsal-take-over-${attempt}`,
      input: { takeOver: holder },
    });
    await untilQuiet(aws);
  }
}

/** Waits for every execution, the reaper's included. */
async function untilQuiet({ machines }: LocalAws): Promise<void> {
  const deadline = Date.now() + AFTERMATH_MS;
  // Ends when nothing runs any more at three looks in a row, or by the deadline.
  for (let quiet = 0; quiet < 3 && Date.now() < deadline; ) {
    const running = machines.listExecutions().filter(({ status }) => status === 'RUNNING');
    quiet = running.length === 0 ? quiet + 1 : 0;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** The execution that the target's ledger names when its side is not `target`; null otherwise (docs/runbook.md, "Going back"). */
async function turnedRoundBy({ target }: Surroundings): Promise<string | null> {
  const server = target();
  if (!server?.running) return null;
  return server.withAdmin('postgres', async (session) => {
    const there = await session.query<{ there: boolean }>(
      `select to_regclass('sealift.migration') is not null as there`,
    );
    if (!there.rows[0]?.there) return null;
    const { rows } = await session.query<{ execution: string }>(
      `select execution from sealift.migration where side <> 'target' and execution like '%:sealift-%-rollback:%'
        and phase not in ('rolled-back', 'retired')`,
    );
    return rows[0]?.execution || null;
  });
}
