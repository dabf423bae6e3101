import { definitionOf, end, interpreter, machineArn, register, task } from './interpreter';

const never = () => new Promise(() => {});
const child = (name: string, fields: Record<string, unknown> = {}) => ({
  Type: 'Task',
  Resource: 'arn:aws:states:::states:startExecution.sync:2',
  Arguments: { StateMachineArn: machineArn(name), Input: '{% $states.input %}', Name: 'child' },
  ...('Next' in fields ? {} : { End: true }),
  ...fields,
});

describe('children', () => {
  test('a child that succeeds gives its description with Input and Output parsed', async () => {
    const { machines } = interpreter();
    register(machines, 'Child', definitionOf({ P: end({ doubled: '{% $states.input.n * 2 %}' }) }));
    const parent = register(machines, 'Parent', definitionOf({ C: child('Child') }));
    const { executionArn } = machines.startExecution({ stateMachineArn: parent, input: { n: 4 } });
    const { output } = await machines.result(executionArn);
    expect(output).toMatchObject({
      ExecutionArn: 'arn:aws:states:eu-west-1:123456789012:execution:Child:child',
      Input: { n: 4 },
      Name: 'child',
      Output: { doubled: 8 },
      StartDate: expect.any(Number),
      StateMachineArn: machineArn('Child'),
      Status: 'SUCCEEDED',
      StopDate: expect.any(Number),
    });
    const types = machines.getExecutionHistory(executionArn).map(({ type }) => type);
    expect(types.filter((type) => type.startsWith('Task'))).toEqual([
      'TaskStateEntered',
      'TaskScheduled',
      'TaskStarted',
      'TaskSubmitted',
      'TaskSucceeded',
      'TaskStateExited',
    ]);
  });

  test('a child that fails is States.TaskFailed, with its own error and cause inside the cause', async () => {
    const { machines } = interpreter();
    register(machines, 'Child', definitionOf({ F: { Type: 'Fail', Error: 'Blocked', Cause: 'why' } }));
    const parent = register(machines, 'Parent', definitionOf({ C: child('Child') }));
    const { executionArn } = machines.startExecution({ stateMachineArn: parent, input: { n: 4 } });
    const { error, cause } = await machines.result(executionArn);
    expect(error).toBe('States.TaskFailed');
    expect(JSON.parse(cause ?? '')).toMatchObject({
      Error: 'Blocked',
      Cause: 'why',
      Status: 'FAILED',
      Input: '{"n":4}',
      Name: 'child',
    });
  });

  test('a child that outlasts the task is stopped, and the task is States.Timeout', async () => {
    const { machines } = interpreter({ never });
    register(machines, 'Child', definitionOf({ T: task('never') }));
    const parent = register(machines, 'Parent', definitionOf({ C: child('Child', { TimeoutSeconds: 1 }) }));
    const { executionArn } = machines.startExecution({ stateMachineArn: parent, input: {} });
    expect((await machines.result(executionArn)).error).toBe('States.Timeout');
    const [running] = machines.listExecutions(machineArn('Child'));
    expect((await machines.result(running?.executionArn ?? '')).status).toBe('ABORTED');
  });

  test('a name that was used before fails with the name of the service', async () => {
    const { machines } = interpreter();
    register(machines, 'Child', definitionOf({ P: end() }));
    const parent = register(machines, 'Parent', definitionOf({ C: child('Child', { Next: 'D' }), D: child('Child') }));
    const { executionArn } = machines.startExecution({ stateMachineArn: parent, input: {} });
    expect((await machines.result(executionArn)).error).toBe('StepFunctions.ExecutionAlreadyExistsException');
  });
});
