/**
 * Tells people how the phases go, in plain words. A stopped or timed-out execution runs no state any more (facts J9); these
 * rules see it end all the same, as do those that start the reaper.
 */
import { Aws } from 'aws-cdk-lib';
import { EventField, Rule, RuleTargetInput } from 'aws-cdk-lib/aws-events';
import { SnsTopic } from 'aws-cdk-lib/aws-events-targets';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { acknowledge } from '../acknowledge';
import type { SealiftConfig } from '../config';
import { MACHINES, type MachineName } from '../resource-names';
import { consoleDomain } from './console';
import { withRunbook } from './runbook';

/** What can be told of an execution. */
const EVENTS = ['started', 'succeeded', 'failed', 'timed-out', 'stopped'] as const;

/** One of them. */
export type ExecutionEvent = (typeof EVENTS)[number];

const STATUS: Readonly<Record<ExecutionEvent, string>> = {
  started: 'RUNNING',
  succeeded: 'SUCCEEDED',
  failed: 'FAILED',
  'timed-out': 'TIMED_OUT',
  stopped: 'ABORTED',
};

interface Words {
  /** What the phase does. */
  readonly begins: string;
  /** What its success means. */
  readonly succeeded: string;
  /** What its failure means. */
  readonly failed: string;
  /** What it means when it was stopped or ran out of time: no state ran any more. */
  readonly cutShort: string;
}

const AS_BEFORE = 'unless its error is PastTheFlip, applications use the source as before';

const REAPED = 'the reaper gives the source back now, and tells';

const REAPED_BACK = 'the reaper gives the target back now, and tells';

const PHASE_WORDS: Readonly<Record<MachineName, Words>> = {
  assess: {
    begins: 'it looks and changes nothing',
    succeeded: 'nothing stands in the way; nothing was changed',
    failed: 'something stands in the way; nothing was changed',
    cutShort: 'nothing was changed',
  },
  prune: {
    begins: 'it removes old rows from the source in small transactions, after a snapshot was taken',
    succeeded: 'old rows are gone from the source, and lie in the baseline snapshot',
    failed: 'rows that went lie in the baseline snapshot, and nothing else was changed',
    cutShort: REAPED,
  },
  scan: {
    begins: 'it reads every value on the source and compares indexes with their tables',
    succeeded: 'every row can be read and every index that was checked agrees with its table',
    failed: 'something is damaged or could not be read; nothing follows the source, what was saved in quarantine stays',
    cutShort: REAPED,
  },
  replicate: {
    begins: 'it copies the database and follows its changes; applications notice nothing',
    succeeded: 'source and target hold the same, and the target follows; applications still use the source',
    failed: 'what it had changed on the source was taken back, or somebody was asked to; applications notice nothing',
    cutShort: REAPED,
  },
  cutover: {
    begins: 'writes will stop for a moment, and either the target takes over for good or everything is as before',
    succeeded: 'applications use the target, the source is fenced',
    failed: `${AS_BEFORE}, and replication goes on`,
    cutShort: `${REAPED}; when the flip had happened it completes the way forward. Until then writes may be refused`,
  },
  rollback: {
    begins:
      'writes will stop for a moment, and either applications return to the unencrypted source or everything is as before',
    succeeded: 'applications use the source again, with every write since the cutover; the target is fenced',
    failed: 'unless its error is PastTheFlip, applications use the target as before, and the way back stays open',
    cutShort: `${REAPED_BACK}; when applications had returned it completes the way. Until then writes may be refused`,
  },
  window: {
    begins: 'it looks at the way back',
    succeeded: 'the way back was looked at',
    failed: 'the way back could not be looked at; it is tried again, and applications notice nothing',
    cutShort: 'another look follows; when it had started Retire, start that by hand',
  },
  retire: {
    begins: 'it closes the way back for good and takes a last snapshot of the source; applications notice nothing',
    succeeded:
      'the way back is closed, the source lies in an encrypted snapshot, and what is left of it is listed; nothing was deleted',
    failed: 'start it again, it goes on where it ended; applications notice nothing',
    cutShort: 'start it again, it goes on where it ended',
  },
  migrate: {
    begins: 'it runs the phases in order',
    succeeded: 'every phase that was asked for is done',
    failed: AS_BEFORE,
    cutShort: REAPED,
  },
  reaper: {
    begins: 'it cleans up after an execution',
    succeeded: 'the execution holds nothing any more',
    failed: 'it could not clean up after an execution; writes may be refused, so look now',
    cutShort: 'another one is started',
  },
};

/** The words of one message; the execution and its console link follow them. */
export function wordsOf(machine: MachineName, event: ExecutionEvent): string {
  const name = titleOf(machine);
  const { begins, succeeded, failed, cutShort } = PHASE_WORDS[machine];
  const words: Record<ExecutionEvent, string> = {
    started: `${name} started: ${begins}.`,
    succeeded: `${name} succeeded: ${succeeded}.`,
    failed: withRunbook(`${name} failed: ${failed}. The execution says why.`, 'errors'),
    'timed-out': withRunbook(`${name} ran out of time: ${cutShort}.`, 'after-a-stopped-execution'),
    stopped: withRunbook(`${name} was stopped: ${cutShort}.`, 'after-a-stopped-execution'),
  };
  return words[event];
}

/** What the notifications are made from. */
export interface NotificationsProps {
  readonly config: SealiftConfig;
  readonly topic: ITopic;
  /** Takes what cannot be delivered. */
  readonly undelivered: IQueue;
  readonly machines: Readonly<Record<MachineName, StateMachine>>;
}

/** One rule per machine and event, since a rule has one text. */
export class Notifications extends Construct {
  private readonly domain: string;

  constructor(scope: Construct, id: string, props: NotificationsProps) {
    super(scope, id);
    this.domain = consoleDomain(this);
    const quiet = props.config.notifications.phases === 'failures';
    const told = EVENTS.filter((event) => !quiet || (event !== 'started' && event !== 'succeeded'));
    for (const machine of MACHINES) {
      for (const event of told) if (isNews(machine, event)) this.tell(machine, event, props);
    }
  }

  private tell(
    machine: MachineName,
    event: ExecutionEvent,
    { config, topic, undelivered, machines }: NotificationsProps,
  ): void {
    const rule = new Rule(this, `${titleOf(machine)}-${event}`, {
      description: `Sealift ${config.migration}: ${machine} ${event}`,
      eventPattern: {
        source: ['aws.states'],
        detailType: ['Step Functions Execution Status Change'],
        detail: { status: [STATUS[event]], stateMachineArn: [machines[machine].stateMachineArn] },
      },
    });
    acknowledge(
      rule,
      'Annotation::@aws-cdk/aws-events:ruleUnresolvedEnvironment',
      'rule and topic are in the stacks of one migration, which share account and region',
    );
    const execution = EventField.fromPath('$.detail.executionArn');
    const console = `https://${this.domain}/states/home?region=${Aws.REGION}#/v2/executions/details/${execution}`;
    const text = `Sealift ${config.migration}. ${wordsOf(machine, event)} Execution: ${console}`;
    rule.addTarget(new SnsTopic(topic, { message: RuleTargetInput.fromText(text), deadLetterQueue: undelivered }));
  }
}

/**
 * A reaper looks after every end, and the window is looked at every few minutes, mostly to find nothing; when there is something
 * they tell so themselves, and looks that fail have an alarm.
 */
function isNews(machine: MachineName, event: ExecutionEvent): boolean {
  if (machine === 'window') return event === 'stopped' || event === 'timed-out';
  return machine !== 'reaper' || (event !== 'started' && event !== 'succeeded');
}

function titleOf(machine: MachineName): string {
  return `${machine[0]?.toUpperCase()}${machine.slice(1)}`;
}
