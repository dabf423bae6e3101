import { isObject, type JsonObject } from '../../cloudformation/json';
import type { ProviderContext, ResourceProvider } from '../../cloudformation/provider';
import { Properties } from '../providers/properties';
import type { EventBus, Rule, RuleTarget } from './event-bus';
import { readEventPattern } from './event-pattern';
import { readTargetInput } from './target-input';

const UNIT_MS = { minute: 60_000, hour: 3_600_000, day: 86_400_000 } as const;

/** Targets that the rehearsal takes events to. */
const KNOWN_TARGETS = /^arn:[^:]+:(sns:[^:]+:[^:]+:[^:]+|states:[^:]+:[^:]+:stateMachine:[^:]+)$/;

/** Makes the provider of `AWS::Events::Rule`: on the default bus, by a pattern or at a rate, to topics and state machines. */
export function ruleProvider(bus: EventBus): ResourceProvider {
  const put = (context: ProviderContext, name: string) => {
    const arn = `arn:${context.partition}:events:${context.region}:${context.account}:rule/${name}`;
    bus.putRule(readRule(context, arn));
    return { physicalId: name, attributes: { Arn: arn } };
  };
  return {
    type: 'AWS::Events::Rule',
    nameProperty: 'Name',
    replacementOn: ['EventBusName', 'Name'],
    create: async (context) => {
      const { Name: name } = context.properties;
      return put(context, typeof name === 'string' ? name : context.physicalNameHint);
    },
    update: async (context) => put(context, context.physicalId),
    delete: async ({ partition, region, account, physicalId }) =>
      bus.removeRule(`arn:${partition}:events:${region}:${account}:rule/${physicalId}`),
  };
}

function readRule(context: ProviderContext, arn: string): Rule {
  const properties = new Properties(context);
  const pattern = properties.object('EventPattern');
  const schedule = properties.text('ScheduleExpression');
  if (pattern && schedule !== undefined) throw new Error(`${context.logicalId} has a pattern and a schedule`);
  const state = properties.text('State') ?? 'ENABLED';
  if (state !== 'ENABLED' && state !== 'DISABLED') throw new Error(`State of ${context.logicalId} is ${state}`);
  properties.recordOnly('Name', 'Description', 'Targets', 'Tags');
  properties.refuseOthers();
  const { Targets: targets = [] } = context.properties;
  if (!Array.isArray(targets)) throw new Error(`Targets of ${context.logicalId} must be a list`);
  return {
    arn,
    enabled: state === 'ENABLED',
    matches:
      schedule === undefined ? readEventPattern(pattern ?? {}, `the pattern of ${context.logicalId}`) : () => false,
    everyMs: schedule === undefined ? null : readRate(schedule),
    targets: targets.map((target) => readTarget(context.logicalId, isObject(target) ? target : {})),
  };
}

function readTarget(logicalId: string, target: JsonObject): RuleTarget {
  const known = ['Arn', 'DeadLetterConfig', 'Id', 'Input', 'InputTransformer', 'RetryPolicy', 'RoleArn'];
  const unknown = Object.keys(target).filter((name) => !known.includes(name));
  if (unknown.length > 0) throw new Error(`a target of ${logicalId} has ${unknown.join(', ')}, which is not known`);
  const { Arn: arn, RoleArn: roleArn, DeadLetterConfig: dead } = target;
  if (typeof arn !== 'string' || !KNOWN_TARGETS.test(arn)) {
    throw new Error(`${logicalId} has the target ${JSON.stringify(arn)}, only topics and state machines are known`);
  }
  if (arn.split(':')[2] === 'states' && typeof roleArn !== 'string') {
    throw new Error(`the target ${arn} of ${logicalId} needs a RoleArn`);
  }
  const queue = isObject(dead) ? dead.Arn : undefined;
  return {
    arn,
    roleArn: typeof roleArn === 'string' ? roleArn : null,
    input: readTargetInput(target),
    deadLetterArn: typeof queue === 'string' ? queue : null,
  };
}

/** Milliseconds of a rate; EventBridge takes the singular with 1 and the plural with every other number, and so does this. */
function readRate(expression: string): number {
  const [, digits = '', unit = '', plural = ''] = /^rate\(([1-9]\d*) (minute|hour|day)(s?)\)$/.exec(expression) ?? [];
  const value = Number(digits);
  if (value === 0 || (value === 1) === (plural === 's')) {
    throw new Error(`the schedule ${JSON.stringify(expression)} is not known, only such as rate(5 minutes)`);
  }
  return value * UNIT_MS[unit as keyof typeof UNIT_MS];
}
