import { type CatchEdge, catchEdgesOf, FAILING, failingIn, pathBehind } from './support/catch-edges';
import { EDGES, reaching } from './support/edge-expectations';
import { type Answers, failWith, type Machine, machinesOf, type Ran, runMachine } from './support/run-machines';
import { example, synthesize, templateOf } from './support/synthesis';

const PRUNED = { entries: [{ database: 'shop', table: 'event', column: 'at', olderThan: '6 months' }] };

/** The machines as the example configures them, and with what it leaves out. */
const SHAPES: readonly (readonly Machine[])[] = [
  example(),
  example({
    scan: { on: 'target' as const },
    prune: PRUNED,
    rollback: { windowHours: 72, retireAutomatically: true },
  }),
].map((config) => machinesOf(templateOf(synthesize([config]), 'Migration')));

const FOUND = new Map<string, readonly [CatchEdge, readonly Machine[]]>();
for (const machines of SHAPES) {
  for (const edge of catchEdgesOf(machines)) {
    const key = `${edge.machine}: ${edge.state} [${edge.errors}]`;
    if (!FOUND.has(key)) FOUND.set(key, [edge, machines]);
  }
}

test('every Catch edge has an expectation, and every expectation an edge', () => {
  expect([...FOUND.keys()].sort()).toEqual(Object.keys(EDGES).sort());
});

test.each([...FOUND.keys()])('%s', async (key) => {
  const [edge, machines] = FOUND.get(key) ?? [];
  if (edge === undefined || machines === undefined) throw new Error(`no edge ${key}`);
  const { input, answers } = reaching(edge);
  const failing = { ...answers, [FAILING]: () => failWith(edge.error, 'broke') } as Answers;
  const ran = await runMachine(failingIn(machines, edge), edge.machine, input, failing);
  const [next, ...path] = pathBehind(ran.histories[0]?.content ?? '', edge);
  expect(next).toBe(edge.next);
  expect(`${[next, ...path].join(' > ')}: ${endOf(ran)}`).toBe(EDGES[key]);
});

/** How an operator sees that it ended: by error, and by whether a human was told. */
function endOf({ status, error, published }: Ran): string {
  const paged = published.some(({ Subject }) => String(Subject).includes('a human is needed'));
  return `${status === 'SUCCEEDED' ? 'succeeds' : error}${paged ? ', a human is told' : ''}`;
}
