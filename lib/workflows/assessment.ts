/** The assessment that a phase stands on: handed over by `Migrate`, or made now when the phase runs alone. */
import { Choice, Condition, type IChainable, Pass, type StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import type { Construct } from 'constructs';
import { ASSESS_TIMEOUT } from './assess';
import { failAsKept, KEEP_CHILD_FAILURE, runMachine } from './states';

/** What a phase does with its assessment. */
export interface AssessmentProps {
  /** Name of the choice that asks whether the assessment was handed over. */
  readonly question: string;
  /** Variables beside `source` and `databases`, each by its path below the inspection. */
  readonly inspected?: Readonly<Record<string, string>>;
  readonly next: IChainable;
}

/** Makes the states that end with `source` and `databases` set; nothing is claimed yet, so a failure gives nothing back. */
export function assessed(scope: Construct, assess: StateMachine, props: AssessmentProps): Choice {
  const inspected = Object.entries({ source: 'source', ...props.inspected });
  const from = (inspection: string) =>
    Object.fromEntries(inspected.map(([name, path]) => [name, `{% ${inspection}.${path} %}`]));
  const handedOver = Pass.jsonata(scope, 'Take over the assessment', {
    assign: { ...from('$states.input.inspection'), databases: '{% $states.input.databases %}' },
  });
  const alone = runMachine(scope, 'Assess', assess, {
    input: { execution: '{% $execution %}', takeOver: '{% $takeOver %}' },
    timeout: ASSESS_TIMEOUT,
    assign: { ...from('$states.result.Output.inspection'), databases: '{% $states.result.Output.databases %}' },
  });
  alone.addCatch(failAsKept(scope, 'Assessment failed'), { errors: ['States.ALL'], ...KEEP_CHILD_FAILURE });
  return Choice.jsonata(scope, props.question)
    .when(
      Condition.jsonata('{% $exists($states.input.inspection) and $exists($states.input.databases) %}'),
      handedOver.next(props.next),
    )
    .otherwise(alone.next(props.next));
}
