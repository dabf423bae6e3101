import { randomUUID } from 'node:crypto';
import { type Clock, realClock } from '../../clock';
import type { JsonObject } from '../../cloudformation/json';
import type { Place } from '../place';
import type { EventPattern } from './event-pattern';
import type { TargetInput } from './target-input';

/** Where a rule sends what matches. */
export interface RuleTarget {
  readonly arn: string;
  /** Role that EventBridge takes on to call the target; null where the target's own policy decides. */
  readonly roleArn: string | null;
  readonly input: TargetInput;
  /** ARN of the queue for what cannot be delivered; null: it is lost. */
  readonly deadLetterArn: string | null;
}

/** A rule. */
export interface Rule {
  readonly arn: string;
  readonly enabled: boolean;
  readonly matches: EventPattern;
  /** How often a schedule starts it, in milliseconds; null for a rule by pattern. */
  readonly everyMs: number | null;
  readonly targets: readonly RuleTarget[];
}

/** What a service emits. */
export interface EmittedEvent {
  readonly source: string;
  readonly detailType: string;
  readonly resources: readonly string[];
  readonly detail: JsonObject;
}

/** An event that a target did not take. */
export interface Undelivered {
  readonly ruleArn: string;
  readonly targetArn: string;
  /** Null: it was lost. */
  readonly queueArn: string | null;
  readonly reason: string;
}

/** Takes an event to a target, in the name of a rule; throws when the target refuses it. */
export type Deliver = (target: RuleTarget, rule: Rule, input: string) => void | Promise<void>;

/** What a bus is made from. */
export interface EventBusProps {
  readonly place: Place;
  readonly clock: Clock;
  /** Called with every event that could not be delivered. @default nobody is told */
  readonly onUndelivered?: (undelivered: Undelivered) => void;
}

/** How long an event is on its way. */
const LATENCY_MS = 500;

/** EventBridge's default bus: rules, and events on their way to targets. */
export class EventBus {
  private readonly rules = new Map<string, Rule>();
  private readonly schedules = new Map<string, AbortController>();
  private readonly onTheWay = new Set<Promise<void>>();
  private readonly closing = new AbortController();
  private deliver: Deliver = () => {
    throw new Error('nobody takes events on this bus');
  };

  constructor(private readonly props: EventBusProps) {}

  /** Says who takes events to targets. */
  deliverBy(deliver: Deliver): void {
    this.deliver = deliver;
  }

  /** Adds or replaces a rule. */
  putRule(rule: Rule): void {
    this.removeRule(rule.arn);
    this.rules.set(rule.arn, rule);
    if (rule.everyMs === null) return;
    const ending = new AbortController();
    this.schedules.set(rule.arn, ending);
    this.startAgainAndAgain(rule, rule.everyMs, ending.signal).catch(() => undefined);
  }

  /** Removes a rule; none is no error. */
  removeRule(arn: string): void {
    this.rules.delete(arn);
    this.schedules.get(arn)?.abort();
    this.schedules.delete(arn);
  }

  /** Starts every rule with a schedule at once, as its time would: nobody waits for it in a rehearsal of a minute. */
  tick(): void {
    for (const rule of this.rules.values()) if (rule.everyMs !== null) this.start(rule);
  }

  /** Emits an event; it reaches every target of every rule that matches, a little later. */
  put(emitted: EmittedEvent): void {
    if (this.closing.signal.aborted) return;
    const event = this.eventOf(emitted);
    for (const rule of this.rules.values()) {
      if (rule.enabled && rule.matches(event)) for (const target of rule.targets) this.send(target, rule, event);
    }
  }

  /** In real time: a schedule is no wait that a rehearsal could shorten, and one on a shortened clock would never be still. */
  private async startAgainAndAgain(rule: Rule, everyMs: number, signal: AbortSignal): Promise<void> {
    // Ends with the rule, by its signal.
    for (;;) {
      await realClock.sleep(everyMs, signal);
      this.start(rule);
    }
  }

  private start(rule: Rule): void {
    if (!rule.enabled || this.closing.signal.aborted) return;
    const scheduled = { source: 'aws.events', detailType: 'Scheduled Event', resources: [rule.arn], detail: {} };
    for (const target of rule.targets) this.send(target, rule, this.eventOf(scheduled));
  }

  private eventOf(emitted: EmittedEvent): JsonObject {
    const { account, region } = this.props.place;
    return {
      version: '0',
      id: randomUUID(),
      'detail-type': emitted.detailType,
      source: emitted.source,
      account,
      time: new Date(this.props.clock.now()).toISOString().replace(/\.\d+Z$/, 'Z'),
      region,
      resources: [...emitted.resources],
      detail: emitted.detail,
    };
  }

  /** Resolves when nothing is on its way. */
  async settled(): Promise<void> {
    // Ends when a delivery causes no further event.
    while (this.onTheWay.size > 0) await Promise.all(this.onTheWay);
  }

  /** Forgets what is on its way and takes nothing more. */
  close(): void {
    this.closing.abort();
    for (const ending of this.schedules.values()) ending.abort();
  }

  private send(target: RuleTarget, rule: Rule, event: JsonObject): void {
    const { clock, onUndelivered } = this.props;
    const way = clock
      .sleep(LATENCY_MS, this.closing.signal)
      .then(() => this.deliver(target, rule, target.input(event)))
      .catch((error: unknown) => {
        if (this.closing.signal.aborted) return;
        const reason = error instanceof Error ? error.message : String(error);
        onUndelivered?.({ ruleArn: rule.arn, targetArn: target.arn, queueArn: target.deadLetterArn, reason });
      })
      .finally(() => this.onTheWay.delete(way));
    this.onTheWay.add(way);
  }
}
