import { realClock } from '../../../lib/rehearsal/clock';
import type { JsonObject } from '../../../lib/rehearsal/cloudformation/json';
import type { ProviderContext } from '../../../lib/rehearsal/cloudformation/provider';
import { EventBus, type Undelivered } from '../../../lib/rehearsal/control-plane/events/event-bus';
import { readEventPattern } from '../../../lib/rehearsal/control-plane/events/event-pattern';
import { ruleProvider } from '../../../lib/rehearsal/control-plane/events/rule-provider';
import { readTargetInput } from '../../../lib/rehearsal/control-plane/events/target-input';

const event: JsonObject = {
  source: 'aws.states',
  resources: ['arn:a', 'arn:b'],
  detail: { status: 'FAILED', name: 'say "x"', count: 3, stopDate: null },
};

describe('a pattern', () => {
  it.each([
    [{ source: ['aws.states'] }, true],
    [{ source: ['aws.kms', 'aws.states'], detail: { status: ['FAILED'] } }, true],
    [{ detail: { status: ['ABORTED'] } }, false],
    [{ detail: { count: [3] } }, true],
    [{ detail: { count: ['3'] } }, false],
    [{ detail: { stopDate: [null] } }, true],
    [{ detail: { missing: ['x'] } }, false],
    [{ resources: ['arn:b'] }, true],
    [{ source: { deeper: ['x'] } }, false],
  ])('%j matches: %s', (pattern, matches) => {
    expect(readEventPattern(pattern)(event)).toBe(matches);
  });

  it.each([[{}], [{ source: 'aws.states' }], [{ source: [] }], [{ source: [{ prefix: 'aws' }] }], [{ detail: {} }]])(
    'refuses %j, which it does not know',
    (pattern) => {
      expect(() => readEventPattern(pattern as JsonObject)).toThrow(/the pattern/);
    },
  );
});

describe("a target's input", () => {
  const transformed = (InputTemplate: string, paths: Record<string, string>) =>
    readTargetInput({ InputTransformer: { InputPathsMap: paths, InputTemplate } })(event);

  it('is the event, a constant, or made from its paths: text inside quotes, JSON elsewhere', () => {
    expect(JSON.parse(readTargetInput({})(event))).toEqual(event);
    expect(readTargetInput({ Input: '"x"' })(event)).toBe('"x"');
    const paths = { name: '$.detail.name', count: '$.detail.count', none: '$.detail.missing' };
    expect(JSON.parse(transformed('{"a":<name>,"b":<count>,"c":"is <name>","d":<none>}', paths))).toEqual({
      a: 'say "x"',
      b: 3,
      c: 'is say "x"',
      d: '',
    });
  });

  it.each([
    ['{"a":<b>}', { a: '$.detail' }],
    ['{}', { a: '$.detail[0]' }],
  ])('refuses %s with %j', (template, paths) => {
    expect(() => transformed(template, paths as Record<string, string>)).toThrow();
  });
});

describe('a rule', () => {
  const TOPIC = 'arn:aws:sns:r:1:topic';
  const QUEUE = 'arn:aws:sqs:r:1:queue';
  const context = (properties: JsonObject) =>
    ({ logicalId: 'Rule', partition: 'aws', region: 'r', account: '1', properties, physicalNameHint: 'rule' }) as never;
  const rule = (properties: JsonObject = {}) =>
    context({
      Name: 'rule',
      EventPattern: { source: ['aws.states'] },
      Targets: [{ Id: 'T', Arn: TOPIC, DeadLetterConfig: { Arn: QUEUE } }],
      ...properties,
    });

  async function emitted(put: (bus: EventBus) => Promise<unknown>, refuse = false) {
    const delivered: string[] = [];
    const undelivered: Undelivered[] = [];
    const clock = { ...realClock, sleep: () => Promise.resolve() };
    const bus = new EventBus({
      place: { account: '1', region: 'r' },
      clock,
      onUndelivered: (one) => undelivered.push(one),
    });
    bus.deliverBy((target, { arn }, input) => {
      if (refuse) throw new Error('not allowed');
      delivered.push(`${arn} ${target.arn} ${JSON.parse(input).detail.status}`);
    });
    await put(bus);
    bus.put({ source: 'aws.states', detailType: 'x', resources: [], detail: { status: 'FAILED' } });
    bus.put({ source: 'aws.kms', detailType: 'x', resources: [], detail: { status: 'FAILED' } });
    await bus.settled();
    return { delivered, undelivered };
  }

  it('sends what matches to its targets, until it is disabled or removed', async () => {
    const arn = 'arn:aws:events:r:1:rule/rule';
    const make = (properties?: JsonObject) => (bus: EventBus) => ruleProvider(bus).create(rule(properties));
    expect((await emitted(make())).delivered).toEqual([`${arn} ${TOPIC} FAILED`]);
    expect((await emitted(make({ State: 'DISABLED' }))).delivered).toEqual([]);
    const removed = await emitted(async (bus) => {
      const provider = ruleProvider(bus);
      const { physicalId } = await provider.create(rule());
      const gone = rule() as unknown as ProviderContext;
      await provider.delete({ ...gone, physicalId, deletionPolicy: 'Delete' });
    });
    expect(removed.delivered).toEqual([]);
  });

  it('with a rate is started at its times, whatever is emitted, until it is disabled or removed', async () => {
    const scheduled = (properties: JsonObject = {}) => {
      const { EventPattern: _, ...rest } = (rule() as { properties: JsonObject }).properties;
      return context({ ...rest, ScheduleExpression: 'rate(5 minutes)', ...properties });
    };
    const ticked = (properties: JsonObject = {}, remove = false) =>
      emitted(async (bus) => {
        const provider = ruleProvider(bus);
        const made = await provider.create(scheduled(properties));
        const gone = scheduled() as unknown as ProviderContext;
        if (remove) await provider.delete({ ...gone, physicalId: made.physicalId, deletionPolicy: 'Delete' });
        bus.tick();
        await bus.settled();
        bus.close();
      });
    expect((await ticked()).delivered).toEqual([`arn:aws:events:r:1:rule/rule ${TOPIC} undefined`]);
    expect((await ticked({ State: 'DISABLED' })).delivered).toEqual([]);
    expect((await ticked({}, true)).delivered).toEqual([]);
    for (const rate of ['rate(1 minute)', 'rate(1 day)', 'rate(2 hours)']) {
      expect((await ticked({ ScheduleExpression: rate })).delivered).toHaveLength(1);
    }
  });

  it('keeps what a target refuses in its queue', async () => {
    const { undelivered } = await emitted((bus) => ruleProvider(bus).create(rule()), true);
    expect(undelivered).toMatchObject([{ targetArn: TOPIC, queueArn: QUEUE, reason: 'not allowed' }]);
  });

  it.each([
    [{ ScheduleExpression: 'rate(1 day)' }],
    [{ EventPattern: undefined }],
    [{ EventPattern: undefined, ScheduleExpression: 'rate(5 minute)' }],
    [{ EventPattern: undefined, ScheduleExpression: 'rate(1 minutes)' }],
    [{ EventPattern: undefined, ScheduleExpression: 'rate(0 minutes)' }],
    [{ EventPattern: undefined, ScheduleExpression: 'cron(0 12 * * ? *)' }],
    [{ EventBusName: 'other' }],
    [{ EventPattern: { source: [{ exists: true }] } }],
    [{ Targets: [{ Id: 'T', Arn: 'arn:aws:lambda:r:1:function:f' }] }],
    [{ Targets: [{ Id: 'T', Arn: 'arn:aws:states:r:1:stateMachine:m' }] }],
    [{ Targets: [{ Id: 'T', Arn: TOPIC, InputPath: '$.detail' }] }],
  ])('is refused with %j, which the rehearsal does not know', async (properties) => {
    const bus = new EventBus({ place: { account: '1', region: 'r' }, clock: realClock });
    await expect(ruleProvider(bus).create(rule(properties as JsonObject))).rejects.toThrow();
  });
});
