/**
 * Looks, and changes nothing:
 *
 *   Input understood? -> Begin -> Inspect AWS -> Assess the source -> Ready? -> Assessed
 *                                                                     Ready? -> Not ready (Blocked)
 */
import { Duration } from 'aws-cdk-lib';
import { Choice, Condition, Fail, Pass, type StateMachine, Succeed } from 'aws-cdk-lib/aws-stepfunctions';
import type { Construct } from 'constructs';
import { ERRORS } from '../../lambda/contract';
import { Workflow, type WorkflowProps } from './machine';
import { REPEATABLE } from './retry';
import { callStep, checkInput, ROOT_EXECUTION, TAKEN_OVER } from './states';

/** Two steps of minutes, each with half an hour of asking again. */
export const ASSESS_TIMEOUT = Duration.hours(2);

/** The machine `Assess`: output `{inspection, databases, assessment}`, or `Blocked` naming every obstacle and its remedy. */
export class AssessWorkflow extends Workflow {
  readonly machine: StateMachine;

  constructor(scope: Construct, props: WorkflowProps) {
    super(scope, 'assess', props);
    const { states } = this;
    const begin = Pass.jsonata(states, 'Begin', { assign: { execution: ROOT_EXECUTION, takeOver: TAKEN_OVER } });
    const inspect = callStep(
      states,
      'Inspect AWS',
      props.functions,
      'inspect',
      {},
      {
        retry: REPEATABLE,
        assign: { inspection: '{% $states.result %}' },
      },
    );
    const assess = callStep(
      states,
      'Assess the source',
      props.functions,
      'assess',
      { inspection: '{% $inspection %}', takeOver: '{% $takeOver %}' },
      {
        retry: REPEATABLE,
        assign: { verdict: '{% $states.result.verdict %}', blocks: '{% $states.result.blocks %}' },
        outputs: {
          inspection: '{% $inspection %}',
          // The brackets keep a single database a list.
          databases: '{% [$states.result.databases.name] %}',
          assessment: {
            verdict: '{% $states.result.verdict %}',
            counts: '{% $states.result.counts %}',
            databases: '{% [$states.result.databases] %}',
            sizing: '{% $states.result.sizing %}',
            prediction: '{% $states.result.prediction %}',
            report: '{% $states.result.report %}',
            page: '{% $states.result.page %}',
          },
        },
      },
    );
    const notReady = Fail.jsonata(states, 'Not ready', {
      error: ERRORS.blocked,
      // A cause holds 32,768 characters (facts J8).
      cause: "{% $substring($join([$blocks.(id & ': ' & detail & '; remedy: ' & remedy)], '\\n'), 0, 30000) %}",
    });
    const ready = Choice.jsonata(states, 'Ready?')
      .when(Condition.jsonata("{% $verdict = 'block' %}"), notReady)
      .otherwise(Succeed.jsonata(states, 'Assessed'));
    const fields = { execution: 'string', takeOver: 'string or null' } as const;
    const start = checkInput(states, fields, begin.next(inspect).next(assess).next(ready));
    this.machine = this.makeMachine(start, ASSESS_TIMEOUT, ['inspect', 'assess']);
  }
}
