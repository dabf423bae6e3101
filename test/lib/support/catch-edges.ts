/** Catch edges of synthesized machines, and machines in which one state fails so that its edge is taken. */
import type { Machine } from './run-machines';

/** One edge: what a state does about errors of its own. */
export interface CatchEdge {
  readonly machine: string;
  readonly state: string;
  /** Names that it catches, joined by commas. */
  readonly errors: string;
  readonly next: string;
  /** An error that this edge catches, and no retry and no edge before it. */
  readonly error: string;
}

/** A name that nothing but `States.ALL` knows. */
const ANY_OTHER = 'PostgresError';

/** Name of the function that fails; it is no step's. */
export const FAILING = 'fails';

interface State {
  readonly Type: string;
  readonly Resource?: string;
  readonly Catch?: readonly { readonly ErrorEquals: readonly string[]; readonly Next: string }[];
  readonly ItemProcessor?: Block;
  readonly Branches?: readonly Block[];
  readonly [field: string]: unknown;
}

interface Block {
  readonly States: Readonly<Record<string, State>>;
  readonly [field: string]: unknown;
}

/** Every Catch edge of every state of the machines, those within maps and branches included. */
export function catchEdgesOf(machines: readonly Machine[]): CatchEdge[] {
  return machines.flatMap(({ name, definition }) =>
    statesOf(definition as unknown as Block).flatMap(([state, { Catch = [] }]) =>
      Catch.map(({ ErrorEquals, Next }) => ({
        machine: name,
        state,
        errors: ErrorEquals.join(', '),
        next: Next,
        error: ErrorEquals.find((error) => error !== 'States.ALL') ?? ANY_OTHER,
      })),
    ),
  );
}

/** The machines, with one in which a state calls the function that fails, or every task of it when it is a map. */
export function failingIn(machines: readonly Machine[], { machine, state }: CatchEdge): Machine[] {
  return machines.map((each) =>
    each.name === machine ? { ...each, definition: { ...failIn(each.definition as unknown as Block, state) } } : each,
  );
}

/** Names of the states that an execution came to behind the one that failed, each once; `history` as the AWS CLI prints it. */
export function pathBehind(history: string, { state, next }: CatchEdge): string[] {
  const { events } = JSON.parse(history) as {
    events: readonly { readonly type: string; readonly stateEnteredEventDetails?: { readonly name: string } }[];
  };
  const entered = events.flatMap(({ type, stateEnteredEventDetails: details }) =>
    details === undefined ? [] : [{ type, name: details.name }],
  );
  const at = entered.findIndex(({ name }) => name === state);
  if (at === -1) return [`${state} was not reached`];
  // Within a map other states come before the edge is taken.
  const behind = entered.slice(entered.findIndex(({ name }, index) => index > at && name === next));
  const seen = behind.filter(({ type }, index) => index === 0 || !/^(Choice|Wait|Pass)/.test(type));
  return [...new Set(seen.map(({ name }) => name))];
}

function statesOf({ States }: Block): [string, State][] {
  return Object.entries(States).flatMap(([name, state]): [string, State][] => [
    [name, state],
    ...blocksOf(state).flatMap(statesOf),
  ]);
}

function blocksOf({ ItemProcessor, Branches = [] }: State): readonly Block[] {
  return ItemProcessor === undefined ? Branches : [ItemProcessor];
}

function failIn(block: Block, wanted: string | null): Block {
  const states = Object.entries(block.States).map(([name, state]): [string, State] => {
    if (wanted !== null && wanted !== name) return [name, within(state, wanted)];
    return [name, state.Type === 'Task' ? failing(state) : within(state, null)];
  });
  return { ...block, States: Object.fromEntries(states) };
}

function within(state: State, wanted: string | null): State {
  const { ItemProcessor, Branches } = state;
  return {
    ...state,
    ...(ItemProcessor !== undefined && { ItemProcessor: failIn(ItemProcessor, wanted) }),
    ...(Branches !== undefined && { Branches: Branches.map((branch) => failIn(branch, wanted)) }),
  };
}

function failing(state: State): State {
  const Resource = `arn:aws:lambda:eu-central-1:123456789012:function:sealift-demo-${FAILING}`;
  return { ...state, Resource, Arguments: {} };
}
