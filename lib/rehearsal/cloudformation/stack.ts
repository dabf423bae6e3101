import { randomUUID } from 'node:crypto';
import type { Clock } from '../clock';
import type { DesiredResource, DesiredStack } from './desired-stack';
import type { DynamicReference } from './dynamic-references';
import type { Json, JsonObject } from './json';
import type { ResourceProvider } from './provider';
import type { StackPolicy } from './stack-policy';

/** Statuses of a stack that the engine can be in (CloudFormation API reference, Stack). */
export type StackStatus =
  | 'CREATE_IN_PROGRESS'
  | 'CREATE_COMPLETE'
  | 'CREATE_FAILED'
  | 'ROLLBACK_IN_PROGRESS'
  | 'ROLLBACK_COMPLETE'
  | 'ROLLBACK_FAILED'
  | 'UPDATE_IN_PROGRESS'
  | 'UPDATE_COMPLETE_CLEANUP_IN_PROGRESS'
  | 'UPDATE_COMPLETE'
  | 'UPDATE_ROLLBACK_IN_PROGRESS'
  | 'UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS'
  | 'UPDATE_ROLLBACK_COMPLETE'
  | 'UPDATE_ROLLBACK_FAILED'
  | 'DELETE_IN_PROGRESS'
  | 'DELETE_COMPLETE'
  | 'DELETE_FAILED';

/** An entry of `DescribeStackEvents`, in the API's names; times are dates. */
export interface StackEvent {
  readonly EventId: string;
  readonly StackId: string;
  readonly StackName: string;
  readonly LogicalResourceId: string;
  readonly PhysicalResourceId: string;
  readonly ResourceType: string;
  readonly Timestamp: Date;
  readonly ResourceStatus: string;
  readonly ResourceStatusReason?: string;
  readonly ClientRequestToken?: string;
}

/** A resource that exists. */
export interface ResourceRecord {
  readonly desired: DesiredResource;
  readonly physicalId: string;
  /** Properties with references resolved; dynamic references stay text, so that no secret is kept. */
  readonly properties: JsonObject;
  readonly attributes: Readonly<Record<string, Json>>;
  /** 0 for the first resource of its logical id, one more for each replacement. */
  readonly generation: number;
  /** False for what a failed creation left behind: there is nothing worth a snapshot. */
  readonly complete: boolean;
  readonly stackTags: Readonly<Record<string, string>>;
}

/** A resolved output. */
export interface OutputRecord {
  readonly name: string;
  readonly value: Json;
  readonly description: string | null;
  readonly exportName: string | null;
}

/** What a stack was asked to be: replaced as a whole by an update, put back as a whole by its rollback. */
export interface StackSettings {
  readonly desired: DesiredStack;
  readonly tags: Readonly<Record<string, string>>;
  readonly capabilities: readonly string[];
  readonly roleArn: string | null;
}

/** The world that stacks are deployed into. */
export interface EngineRuntime {
  readonly account: string;
  readonly region: string;
  readonly partition: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Time that each operation of a stack takes before its first resource. */
  readonly latencyMs: number;
  provider(type: string): ResourceProvider;
  dynamicReference(reference: DynamicReference): Promise<string>;
  emit(event: StackEvent): void;
  /** Stacks that exist, deleted ones left out. */
  stacks(): readonly Stack[];
}

/** A stack and everything that the engine knows of it. */
export class Stack {
  readonly id: string;
  readonly resources = new Map<string, ResourceRecord>();
  /** Newest last. */
  readonly events: StackEvent[] = [];
  status: StackStatus = 'CREATE_IN_PROGRESS';
  statusReason: string | null = null;
  outputs: readonly OutputRecord[] = [];
  policy: StackPolicy | null = null;
  terminationProtection = false;
  updatedAt: Date | null = null;
  deletedAt: Date | null = null;
  /** Settles when the operation under way has ended; rejects only for a defect of the engine, not for a failed resource. */
  operation: Promise<void> = Promise.resolve();

  constructor(
    readonly name: string,
    private readonly runtime: EngineRuntime,
    public settings: StackSettings,
    id: string,
    readonly createdAt = new Date(runtime.clock.now()),
  ) {
    this.id = id;
  }

  /** Changes the stack's status and records it as an event. */
  enter(status: StackStatus, reason: string | null, token: string | null): void {
    this.status = status;
    this.statusReason = reason;
    this.record(
      { logicalId: this.name, type: 'AWS::CloudFormation::Stack', physicalId: this.id },
      status,
      reason,
      token,
    );
  }

  /** Records an event of the stack or of one of its resources. */
  record(
    what: { readonly logicalId: string; readonly type: string; readonly physicalId: string | null },
    status: string,
    reason: string | null,
    token: string | null,
  ): void {
    const event: StackEvent = {
      EventId: randomUUID(),
      StackId: this.id,
      StackName: this.name,
      LogicalResourceId: what.logicalId,
      PhysicalResourceId: what.physicalId ?? '',
      ResourceType: what.type,
      Timestamp: new Date(this.runtime.clock.now()),
      ResourceStatus: status,
      ...(reason === null ? {} : { ResourceStatusReason: reason }),
      ...(token === null ? {} : { ClientRequestToken: token }),
    };
    this.events.push(event);
    this.runtime.emit(event);
  }
}
