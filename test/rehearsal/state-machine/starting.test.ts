import { definitionOf, end, interpreter, machineArn, register, task } from './interpreter';

const never = () => new Promise(() => {});
describe('starting', () => {
  const waiting = definitionOf({ T: task('never') });

  test('the same name and input while it runs is the same execution; anything else exists already', async () => {
    const { machines } = interpreter({ never });
    const stateMachineArn = register(machines, 'M', waiting);
    const first = machines.startExecution({ stateMachineArn, name: 'n', input: { a: 1 } });
    expect(machines.startExecution({ stateMachineArn, name: 'n', input: { a: 1 } })).toEqual(first);
    const exists = expect.objectContaining({ name: 'ExecutionAlreadyExists' });
    expect(() => machines.startExecution({ stateMachineArn, name: 'n', input: { a: 2 } })).toThrow(exists);
    await machines.stopExecution(first.executionArn);
    expect(() => machines.startExecution({ stateMachineArn, name: 'n', input: { a: 1 } })).toThrow(exists);
    expect(machines.listExecutions(stateMachineArn)).toHaveLength(1);
  });

  test('executions without a name get names of their own', async () => {
    const { machines } = interpreter({ never });
    const stateMachineArn = register(machines, 'M', waiting);
    const [first, second] = [1, 2].map(() => machines.startExecution({ stateMachineArn, input: {} }).executionArn);
    expect(first).not.toBe(second);
    await machines.close();
  });

  test('fails by name on an unknown machine, a bad name, and too large an input', () => {
    const { machines } = interpreter();
    const stateMachineArn = register(machines, 'M', waiting);
    const start = (request: { stateMachineArn?: string; name?: string; input?: unknown }) => () =>
      machines.startExecution({ stateMachineArn, input: {}, ...request });
    expect(start({ stateMachineArn: machineArn('X') })).toThrow(
      expect.objectContaining({ name: 'StateMachineDoesNotExist' }),
    );
    expect(start({ name: 'a b' })).toThrow(expect.objectContaining({ name: 'InvalidName' }));
    expect(start({ input: 'x'.repeat(262_143) })).toThrow(expect.objectContaining({ name: 'InvalidExecutionInput' }));
    expect(() => machines.describeExecution('x')).toThrow(expect.objectContaining({ name: 'ExecutionDoesNotExist' }));
  });

  test('describeExecution tells input, output and times as the API does', async () => {
    const { machines } = interpreter();
    const stateMachineArn = register(machines, 'M', definitionOf({ P: end('{% $states.input.a %}') }));
    const { executionArn, startDate } = machines.startExecution({ stateMachineArn, name: 'n', input: { a: 'b' } });
    expect(machines.describeExecution(executionArn)).toEqual({
      executionArn: 'arn:aws:states:eu-west-1:123456789012:execution:M:n',
      stateMachineArn,
      name: 'n',
      status: 'RUNNING',
      startDate,
      input: '{"a":"b"}',
    });
    await machines.result(executionArn);
    expect(machines.describeExecution(executionArn)).toMatchObject({
      status: 'SUCCEEDED',
      output: '"b"',
      stopDate: expect.any(Date),
    });
  });
});
