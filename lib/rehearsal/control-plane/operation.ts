import type { StaticOperationSchema } from '@smithy/types';
import type { Place } from './place';

/** Who makes a call: a role whose access key was registered, or the operator, who may do anything. */
export interface Principal {
  readonly kind: 'role' | 'operator';
  /** ARN of the role, or of the operator's user. */
  readonly arn: string;
}

/** What an operation tells its code about the call. */
export interface CallContext {
  readonly principal: Principal;
  readonly requestId: string;
}

/** One thing that the caller must be allowed to do before the operation runs. */
export interface Access {
  /** IAM action, such as `rds:CreateDBSnapshot`. */
  readonly action: string;
  /** ARN of the resource, `*` where the action knows no resource level. */
  readonly resource: string;
  /** Condition keys and their values. */
  readonly context?: ConditionContext;
  /** Policy of a KMS key, as an object: it has the first word about the key. */
  readonly keyPolicy?: unknown;
  /** Policy of a bucket or topic, as an object: it may allow as well, and deny. */
  readonly resourcePolicy?: unknown;
}

/** Condition keys of IAM and their values; an array for keys of several values, such as `aws:TagKeys`. */
export type ConditionContext = Readonly<Record<string, string | readonly string[]>>;

/** One operation of a service: its shape in the SDK's model, what it honours, what it demands, and what it does. */
export interface Operation<Input = unknown, Output = unknown> {
  /** Schema of the operation, as exported by the SDK client (`CreateDBSnapshot$`). */
  readonly schema: StaticOperationSchema;
  /** Top-level parameters that are honoured; any other is refused. */
  readonly parameters: readonly string[];
  /** What the caller must be allowed to do; empty where AWS asks for no permission. */
  access(input: Input, place: Place): readonly Access[];
  /** Does it, or throws an `AwsFault`. */
  run(input: Input, call: CallContext): Output | Promise<Output>;
}

/** Static shape of an operation definition whose parameter names are checked against its input. */
export interface OperationDefinition<Input, Output> {
  readonly schema: StaticOperationSchema;
  readonly parameters: readonly (keyof Input & string)[];
  access(input: Input, place: Place): readonly Access[];
  run(input: Input, call: CallContext): Output | Promise<Output>;
}

/** Wire protocol of a service, as the installed SDK clients speak it. */
export type Protocol = 'query' | 'json-1.1' | 'rest-xml' | 'rest-json';

/** One AWS service of the control plane. */
export interface Service {
  /** Name in the SigV4 credential scope. */
  readonly signingName: string;
  readonly protocol: Protocol;
  /** XML namespace of responses; absent for JSON. */
  readonly xmlNamespace?: string;
  /** Schemas of the errors that it may throw, by the name of the error; gives code and status on the wire. */
  readonly errors: readonly unknown[];
  readonly operations: ReadonlyMap<string, Operation>;
  /** Name of the error for a call that is not allowed. */
  readonly deniedCode: string;
  /** True where the first path segment is a bucket (S3 in path style). */
  readonly bucketInPath?: boolean;
}

/**
 * Types an operation by the SDK's own input and output, and erases the types for the dispatcher.
 *
 * @param definition the operation; its `parameters` must be members of the input
 */
export function operation<Input extends object, Output extends object>(
  definition: OperationDefinition<Input, Omit<Output, '$metadata'>>,
): Operation {
  return definition as unknown as Operation;
}

/**
 * Indexes operations by their names in the SDK's model.
 *
 * @param operations operations of one service
 */
export function byName(operations: readonly Operation[]): ReadonlyMap<string, Operation> {
  return new Map(operations.map((each) => [each.schema[2], each]));
}
