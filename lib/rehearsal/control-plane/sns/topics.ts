import { randomUUID } from 'node:crypto';
import { AwsFault } from '../fault';
import type { Place } from '../place';

/** A published message. */
export interface TopicMessage {
  readonly messageId: string;
  readonly topicArn: string;
  readonly subject: string | null;
  readonly message: string;
}

/** A topic. */
export interface Topic {
  readonly name: string;
  readonly arn: string;
  kmsKeyId: string | null;
  /** Topic policy of its template, as an object. */
  policy: unknown;
  readonly tags: Map<string, string>;
  /** Endpoints that would be told, by subscription ARN. */
  readonly subscriptions: Map<string, { readonly protocol: string; readonly endpoint: string }>;
}

/** The topics of the account, and what was published to them. */
export class Topics {
  readonly #place: Place;
  readonly #topics = new Map<string, Topic>();
  readonly #messages: TopicMessage[] = [];
  readonly #readers = new Set<(message: TopicMessage) => void>();

  constructor(place: Place) {
    this.#place = place;
  }

  /** Makes a topic; the same name again answers the existing one, as SNS does. */
  create(
    name: string,
    options: { readonly kmsKeyId?: string; readonly tags?: ReadonlyMap<string, string> } = {},
  ): Topic {
    const arn = `arn:aws:sns:${this.#place.region}:${this.#place.account}:${name}`;
    const existing = this.#topics.get(arn);
    if (existing) return existing;
    const topic: Topic = {
      name,
      arn,
      kmsKeyId: options.kmsKeyId ?? null,
      policy: null,
      tags: new Map(options.tags),
      subscriptions: new Map(),
    };
    this.#topics.set(arn, topic);
    return topic;
  }

  /** Finds a topic by its ARN. */
  find(arn: string): Topic | undefined {
    return this.#topics.get(arn);
  }

  /**
   * Finds a topic by its ARN.
   *
   * @throws AwsFault `NotFoundException`
   */
  get(arn: string): Topic {
    const topic = this.find(arn);
    if (!topic) throw new AwsFault('NotFoundException', 'Topic does not exist', 404);
    return topic;
  }

  /** Removes a topic; absent ones are no error. */
  remove(arn: string): void {
    this.#topics.delete(arn);
  }

  /** Adds a subscription and answers its ARN. */
  subscribe(arn: string, protocol: string, endpoint: string): string {
    const topic = this.get(arn);
    const subscriptionArn = `${topic.arn}:${randomUUID()}`;
    topic.subscriptions.set(subscriptionArn, { protocol, endpoint });
    return subscriptionArn;
  }

  /** Removes a subscription; absent ones are no error. */
  unsubscribe(subscriptionArn: string): void {
    for (const topic of this.#topics.values()) topic.subscriptions.delete(subscriptionArn);
  }

  /** Records a message and answers its id. */
  publish(arn: string, message: string, subject: string | null): string {
    const topicArn = this.get(arn).arn;
    const messageId = randomUUID();
    const published = { messageId, topicArn, subject, message };
    this.#messages.push(published);
    for (const read of this.#readers) read(published);
    return messageId;
  }

  /** Delivers what is published from now on, as a subscriber gets it; the answer ends that. */
  deliver(read: (message: TopicMessage) => void): () => void {
    this.#readers.add(read);
    return () => this.#readers.delete(read);
  }

  /** What was published, in order. */
  messages(): readonly TopicMessage[] {
    return [...this.#messages];
  }
}
