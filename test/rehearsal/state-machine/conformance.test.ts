import { SUPPORTED } from '../../../lib/rehearsal/state-machine/supported';
import { BRANCHING_CASES } from './conformance/branching-cases';
import { JSONATA_CASES } from './conformance/jsonata-cases';
import { MACHINE_CASES } from './conformance/machine-cases';
import { RECOVERY_CASES } from './conformance/recovery-cases';
import { TASK_CASES } from './conformance/task-cases';
import { definitionOf, end, expectValidAsl, run, uncheckedDefinitionOf } from './interpreter';

const CASES = [...MACHINE_CASES, ...TASK_CASES, ...RECOVERY_CASES, ...BRANCHING_CASES, ...JSONATA_CASES];

/** Each entry of SUPPORTED under the name by which cases cover it; JSONata's own functions have a test of their own. */
function supportedEntries(): string[] {
  const fieldsOf = (name: string, fields: object) => Object.keys(fields).map((field) => `${name}.${field}`);
  return [
    ...SUPPORTED.queryLanguages.map((name) => `queryLanguage.${name}`),
    ...Object.entries(SUPPORTED.states).flatMap(([type, fields]) => fieldsOf(type, fields)),
    ...(['machine', 'choiceRule', 'retrier', 'catcher', 'itemProcessor', 'branch'] as const).flatMap((part) =>
      fieldsOf(part, SUPPORTED[part]),
    ),
    ...SUPPORTED.processorModes.map((mode) => `processorMode.${mode}`),
    ...SUPPORTED.statesVariable.map((member) => `$states.${member}`),
    ...SUPPORTED.context.filter((path) => path !== 'Task.Token').map((path) => `context.${path}`),
    ...SUPPORTED.addedFunctions.map((name) => `$${name}`),
    ...SUPPORTED.errorNames.map((name) => `errors.${name}`),
    'resource.function',
    ...Object.keys(SUPPORTED.serviceIntegrations)
      .filter((name) => !name.endsWith('.waitForTaskToken'))
      .map((name) => `resource.${name}`),
  ];
}

test.each(CASES.map((conformance) => [conformance.promise, conformance] as const))('%s', async (_, conformance) => {
  const definition = uncheckedDefinitionOf(conformance.states, conformance.machine);
  const { result } = await run(definition, conformance.input, conformance.functions);
  if (conformance.error === undefined) {
    expect(result).toEqual({ status: 'SUCCEEDED', output: conformance.output });
  } else {
    const { error, cause } = result;
    expect(result.status).toBe(conformance.machine?.TimeoutSeconds === undefined ? 'FAILED' : 'TIMED_OUT');
    expect(`${error}: ${cause}`.slice(0, conformance.error.length)).toBe(conformance.error);
  }
});

test('the definitions of all cases are valid ASL', () => {
  const branches = CASES.map(({ states, machine }, index) =>
    renamed({ StartAt: machine?.StartAt ?? Object.keys(states)[0], States: states }, `${index} `),
  );
  expectValidAsl(uncheckedDefinitionOf({ All: { Type: 'Parallel', Branches: branches, End: true } }));
});

/** A block with a prefix before every state's name, so that all cases fit into one machine and one slow check. */
function renamed(value: unknown, prefix: string): unknown {
  if (Array.isArray(value)) {
    return value.map((element) => renamed(element, prefix));
  }
  if (typeof value !== 'object' || value === null) {
    return value;
  }
  const members = Object.entries(value).map(([key, member]) => {
    if (['Next', 'Default', 'StartAt'].includes(key)) {
      return [key, `${prefix}${String(member)}`];
    }
    const inner = renamed(member, prefix);
    return key === 'States' ? [key, withPrefix(inner as object, prefix)] : [key, inner];
  });
  return Object.fromEntries(members);
}

function withPrefix(states: object, prefix: string): object {
  return Object.fromEntries(Object.entries(states).map(([name, state]) => [`${prefix}${name}`, state]));
}

test("JSONata's own functions are all there", async () => {
  const types = SUPPORTED.jsonataFunctions.map((name) => `"${name}": $type($${name})`);
  const { result } = await run(definitionOf({ P: end(`{% {${types.join(', ')}} %}`) }));
  expect(result.output).toEqual(Object.fromEntries(SUPPORTED.jsonataFunctions.map((name) => [name, 'function'])));
});

test('every supported entry has a case, and every case covers a supported entry', () => {
  const covered = new Set(CASES.flatMap(({ covers }) => covers));
  expect(supportedEntries().filter((entry) => !covered.has(entry))).toEqual([]);
  expect([...covered].filter((entry) => !supportedEntries().includes(entry))).toEqual([]);
});
