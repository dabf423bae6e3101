/** The kinds of states that the workflows are written with; each caller gives the state its operator's name. */
import { Duration } from 'aws-cdk-lib';
import {
  type CatchProps,
  Choice,
  Condition,
  Fail,
  type IChainable,
  IntegrationPattern,
  Pass,
  type RetryProps,
  type StateMachine,
  TaskInput,
  Timeout,
  Wait,
  WaitTime,
} from 'aws-cdk-lib/aws-stepfunctions';
import { LambdaInvoke, SnsPublish, StepFunctionsStartExecution } from 'aws-cdk-lib/aws-stepfunctions-tasks';
import type { Construct } from 'constructs';
import { ERRORS, SCHEMA_VERSION, STEPS, type StepName } from '../../lambda/contract';
import type { Input } from '../../lambda/contract/payloads';
import type { WorkflowProps } from './machine';
import { type Poll, waitExpression } from './poll';

/** A JSONata expression, `{% … %}`, or a literal. */
type Expression = string | number;

/** Seconds that a state outlasts its function, so that the function's own end is what is seen (faults: timeouts nest). */
const STATE_MARGIN_SECONDS = 15;

/** The fields of a step's input beside the ones that every call has; each must be given. */
export type Arguments<S extends StepName> = {
  readonly [F in Exclude<keyof Input<S>, 'schemaVersion' | 'execution'>]: Expression;
};

/** What a task state does beside calling its step. */
export interface TaskProps {
  readonly retry: readonly RetryProps[];
  /** Variables set from `$states.result`. */
  readonly assign?: Record<string, Expression>;
  readonly outputs?: unknown;
}

/** Calls a step with the variables named by `args`. */
export function callStep<S extends StepName>(
  scope: Construct,
  name: string,
  functions: WorkflowProps['functions'],
  step: S,
  args: Arguments<S>,
  props: TaskProps,
): LambdaInvoke {
  const called = functions[step];
  if (called === undefined) throw new Error(`the configured road has no step ${step}, which state ${name} calls`);
  const task = LambdaInvoke.jsonata(scope, name, {
    lambdaFunction: called.function,
    payload: TaskInput.fromObject({ schemaVersion: SCHEMA_VERSION, execution: '{% $execution %}', ...args }),
    payloadResponseOnly: true,
    // Our own policies stand in its place (facts J2).
    retryOnServiceExceptions: false,
    taskTimeout: Timeout.duration(Duration.seconds(STEPS[step].timeoutSeconds + STATE_MARGIN_SECONDS)),
    ...(props.assign && { assign: props.assign }),
    ...(props.outputs !== undefined && { outputs: props.outputs }),
  });
  for (const retry of props.retry) task.addRetry(retry);
  return task;
}

/** Runs another machine to its end; its output is `$states.result.Output`. */
export function runMachine(
  scope: Construct,
  name: string,
  machine: StateMachine,
  props: {
    readonly input: Record<string, Expression>;
    readonly timeout: Duration;
    readonly assign: Record<string, Expression>;
  },
): StepFunctionsStartExecution {
  return StepFunctionsStartExecution.jsonata(scope, name, {
    stateMachine: machine,
    integrationPattern: IntegrationPattern.RUN_JOB,
    input: TaskInput.fromObject({ ...props.input }),
    taskTimeout: Timeout.duration(props.timeout),
    assign: props.assign,
  });
}

/** Keeps what was caught in the variable `failure`; nothing is parsed here, because a failing expression ends the machine. */
export const KEEP_FAILURE: Pick<CatchProps, 'assign'> = {
  assign: {
    failure: {
      error: '{% $states.errorOutput.Error %}',
      cause: "{% $exists($states.errorOutput.Cause) ? $states.errorOutput.Cause : '' %}",
    },
  },
};

/**
 * Keeps the failure of a child machine by the child's own name and cause: `States.TaskFailed` brings the child's description
 * as JSON. Only where nothing has to be undone, because this expression parses.
 */
export const KEEP_CHILD_FAILURE: Pick<CatchProps, 'assign'> = {
  assign: {
    failure:
      "{% ($caught := $states.errorOutput; $cause := $exists($caught.Cause) ? $caught.Cause : ''; " +
      "$child := $caught.Error = 'States.TaskFailed' and $substring($cause, 0, 1) = '{' ? $parse($cause) : {}; " +
      "{'error': $exists($child.Error) ? $child.Error : $caught.Error, " +
      "'cause': $exists($child.Cause) ? $child.Cause : $cause}) %}",
  },
};

/** Makes a failure of our own, as a Catch would have kept it. */
export function makeFailure(scope: Construct, name: string, cause: string): Pass {
  return Pass.jsonata(scope, name, { assign: { failure: { error: ERRORS.blocked, cause } } });
}

/** Ends the machine with the failure that was kept. */
export function failAsKept(scope: Construct, name: string): Fail {
  return Fail.jsonata(scope, name, { error: '{% $failure.error %}', cause: '{% $failure.cause %}' });
}

/** The kind of a value that an execution's input may hold. */
export type InputKind = 'string' | 'object' | 'array' | 'boolean' | 'string or null' | 'object or null';

/**
 * The first state of every machine: an input with a field that is not known, or of another type, is refused (fault 108).
 * `allowed` adds conditions on values.
 */
export function checkInput(
  scope: Construct,
  fields: Readonly<Record<string, InputKind>>,
  next: IChainable,
  allowed: readonly string[] = [],
): Choice {
  const names = Object.keys(fields);
  const list = names.map((name) => `'${name}'`).join(', ');
  const conditions = [
    "$type($states.input) = 'object'",
    `$count($keys($states.input)[$not($ in [${list}])]) = 0`,
    ...Object.entries(fields).map(
      ([name, kind]) => `($exists($states.input.${name}) ? $type($states.input.${name}) in ${typesOf(kind)} : true)`,
    ),
    ...allowed,
  ];
  const shape = Object.entries(fields).map(([name, kind]) => `${name} (${kind})`);
  const refused = Fail.jsonata(scope, 'Input refused', {
    error: ERRORS.blocked,
    cause: `the input of the execution is not understood; it is an object that may have only ${shape.join(', ')}`,
  });
  return Choice.jsonata(scope, 'Input understood?')
    .when(Condition.jsonata(`{% ${conditions.join(' and ')} %}`), next)
    .otherwise(refused);
}

function typesOf(kind: InputKind): string {
  return `[${kind
    .split(' or ')
    .map((type) => `'${type}'`)
    .join(', ')}]`;
}

/** A dead execution whose claim is taken over, or null. */
export const TAKEN_OVER = '{% $exists($states.input.takeOver) ? $states.input.takeOver : null %}';

/** The root execution: the one handed down, else this one. */
export const ROOT_EXECUTION =
  '{% $exists($states.input.execution) ? $states.input.execution : $states.context.Execution.Id %}';

/** Tells a human what was kept in `failure`. */
export function pageHuman(scope: Construct, props: WorkflowProps, next: IChainable): SnsPublish {
  const message = TaskInput.fromObject({
    migration: props.migration,
    execution: '{% $execution %}',
    error: '{% $failure.error %}',
    cause: '{% $failure.cause %}',
  });
  return publish(scope, 'Page a human', props, message, next);
}

/**
 * Publishes and goes on in any case; a failing publication changes nothing (fault 23).
 *
 * @param news what the subject says after the migration's id
 */
export function publish(
  scope: Construct,
  name: string,
  props: WorkflowProps,
  message: TaskInput,
  next: IChainable,
  news = 'a human is needed',
): SnsPublish {
  const page = SnsPublish.jsonata(scope, name, {
    topic: props.topic,
    subject: `Sealift ${props.migration}: ${news}`,
    message,
    taskTimeout: Timeout.duration(Duration.minutes(1)),
  });
  page.addCatch(next, { errors: ['States.ALL'] });
  page.next(next);
  return page;
}

/** A loop of `ask`, `ready?` and `wait`. */
export interface Loop {
  readonly ask: LambdaInvoke;
  readonly question: string;
  /** JSONata condition, without its braces, that ends the loop. */
  readonly ready: string;
  readonly wait: string;
  readonly poll: Poll;
  readonly next: IChainable;
  /** Where the loop goes when it has used up its rounds. */
  readonly gaveUp: IChainable;
  /** Further ways out of the question, in their order; each is given the state that waits. @default none */
  readonly detours?: readonly { readonly when: string; readonly next: (wait: Wait) => IChainable }[];
}

/** Wires a loop: it ends when `ready` holds, else after `poll.rounds` rounds; `ask` must count them in `poll.counter`. */
export function repeatUntil(scope: Construct, loop: Loop): void {
  const wait = Wait.jsonata(scope, loop.wait, { time: WaitTime.seconds(waitExpression(loop.poll)) });
  const question = Choice.jsonata(scope, loop.question)
    .when(Condition.jsonata(`{% ${loop.ready} %}`), loop.next)
    .when(Condition.jsonata(`{% $${loop.poll.counter} > ${loop.poll.rounds} %}`), loop.gaveUp);
  for (const { when, next } of loop.detours ?? []) question.when(Condition.jsonata(`{% ${when} %}`), next(wait));
  loop.ask.next(question.otherwise(wait));
  wait.next(loop.ask);
}

/** Counts a round of a loop. */
export function countRound(poll: Poll): Record<string, Expression> {
  return { [poll.counter]: `{% $${poll.counter} + 1 %}` };
}
