import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Chaos, Invocation } from '../../../lib/rehearsal/lambda-runtime/chaos';
import {
  createLambdaRuntime,
  type LambdaRuntime,
  type LocalFunctionProps,
  type LogLine,
} from '../../../lib/rehearsal/lambda-runtime/lambda-runtime';

/** Where the functions under test live. */
export const FUNCTIONS = 'arn:aws:lambda:eu-west-1:123456789012:function';

/** A runtime that is fresh for each test and closed after it. */
export interface RuntimeUnderTest {
  runtime: LambdaRuntime;
  logged: LogLine[];
  chaos: (invocation: Invocation) => Chaos | undefined;
  /** Registers a function with this code and returns its ARN. */
  given(code: string, props?: Partial<LocalFunctionProps>, file?: string): string;
}

/** Sets a runtime up around each test of the file. */
export function runtimeUnderTest(): RuntimeUnderTest {
  const directories: string[] = [];
  const lambda: RuntimeUnderTest = {
    runtime: createLambdaRuntime({ extraEnvironment: () => ({}) }),
    logged: [],
    chaos: () => undefined,
    given: (code, props = {}, file = 'index.js') => {
      const codeDirectory = mkdtempSync(join(tmpdir(), 'sealift-function-'));
      directories.push(codeDirectory);
      writeFileSync(join(codeDirectory, file), code);
      const name = props.name ?? 'worker';
      const arn = `${FUNCTIONS}:${name}`;
      lambda.runtime.register({ ...DEFAULTS, arn, name, codeDirectory, ...props });
      return arn;
    },
  };
  beforeEach(() => {
    lambda.logged = [];
    lambda.chaos = () => undefined;
    lambda.runtime = createLambdaRuntime({
      extraEnvironment: ({ name }) => ({ AWS_REGION: 'eu-west-1', AWS_ACCESS_KEY_ID: `key-of-${name}` }),
      onLog: (line) => lambda.logged.push(line),
      onInvoke: (invocation) => lambda.chaos(invocation),
    });
  });
  afterEach(async () => {
    await lambda.runtime.close();
    for (const directory of directories.splice(0)) {
      rmSync(directory, { recursive: true });
    }
  });
  return lambda;
}

/** The error with which a call is rejected. */
export function rejection(call: Promise<unknown>): Promise<{ name: string; message: string; cause: string }> {
  return call.then(
    () => Promise.reject(new Error('the invocation succeeded')),
    (error) => error,
  );
}

const DEFAULTS = {
  handler: 'index.handler',
  environment: {},
  timeoutSeconds: 30,
  memoryMb: 256,
  roleArn: 'arn:aws:iam::123456789012:role/worker',
};
