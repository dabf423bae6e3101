import { validationError } from './cloudformation-error';

/** For each node, the nodes that must be finished before it. */
export type DependencyGraph = ReadonlyMap<string, ReadonlySet<string>>;

/**
 * Sorts a graph so that every node comes after what it depends on; else in the order given.
 * @throws ValidationError that names the nodes of a circle.
 */
export function deploymentOrder(graph: DependencyGraph): string[] {
  const order: string[] = [];
  const state = new Map<string, 'open' | 'done'>();
  const visit = (node: string, trail: readonly string[]): void => {
    if (state.get(node) === 'done') return;
    if (state.get(node) === 'open') {
      const circle = trail.slice(trail.indexOf(node));
      throw validationError(`Circular dependency between resources: [${circle.join(', ')}]`);
    }
    state.set(node, 'open');
    for (const dependency of graph.get(node) ?? []) visit(dependency, [...trail, node]);
    state.set(node, 'done');
    order.push(node);
  };
  for (const node of graph.keys()) visit(node, []);
  return order;
}

/** The same graph with every edge turned: the order of deletions. Edges to unknown nodes are dropped. */
export function reversed(graph: DependencyGraph): DependencyGraph {
  const turned = new Map([...graph.keys()].map((node) => [node, new Set<string>()]));
  for (const [node, dependencies] of graph) {
    for (const dependency of dependencies) turned.get(dependency)?.add(node);
  }
  return turned;
}

/**
 * Runs a task for every node, each as soon as all that it depends on is done, several at a time as CloudFormation does.
 * After the first failure nothing new is begun; what is under way is waited for, because it leaves something behind.
 * @returns the failures, empty when every task was done.
 */
export async function runInOrder(graph: DependencyGraph, task: (node: string) => Promise<void>): Promise<unknown[]> {
  const failures: unknown[] = [];
  const started = new Map<string, Promise<boolean>>();
  for (const node of deploymentOrder(graph)) {
    const before = [...(graph.get(node) ?? [])].map((dependency) => started.get(dependency) ?? Promise.resolve(true));
    started.set(
      node,
      Promise.all(before).then(async (done) => {
        if (failures.length > 0 || done.includes(false)) return false;
        try {
          await task(node);
          return true;
        } catch (failure) {
          failures.push(failure);
          return false;
        }
      }),
    );
  }
  await Promise.all(started.values());
  return failures;
}
