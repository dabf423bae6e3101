import type { Clock } from '../clock';
import type { Json, JsonObject } from './json';

/** What every provider call is told. */
export interface ProviderContext {
  readonly account: string;
  readonly region: string;
  readonly partition: string;
  readonly stackName: string;
  readonly stackId: string;
  readonly logicalId: string;
  /** Properties with every function and dynamic reference resolved. May hold secrets: never log them. */
  readonly properties: JsonObject;
  readonly metadata: JsonObject;
  /** Tags of the stack, which CloudFormation gives to every resource that can be tagged. */
  readonly stackTags: Readonly<Record<string, string>>;
  /** `<stack>-<logicalId>-<suffix>`, for a resource without an explicit name; another one for a replacement. */
  readonly physicalNameHint: string;
  /** The stack's service role, or who called, when it is known: whose permissions the resource calls need. */
  readonly principalArn: string | null;
  readonly clock: Clock;
  /** Aborted when the engine is closed. */
  readonly signal: AbortSignal;
}

/** A creation. */
export interface CreateContext extends ProviderContext {
  /** Says what exists before `create` returns, so that a creation that fails half-way is deleted by the rollback. */
  assignPhysicalId(physicalId: string): void;
}

/** A change of the properties of an existing resource. */
export interface UpdateContext extends ProviderContext {
  readonly physicalId: string;
  readonly previousProperties: JsonObject;
  readonly attributes: Readonly<Record<string, Json>>;
}

/** A deletion. */
export interface DeleteContext extends ProviderContext {
  readonly physicalId: string;
  /** `Snapshot`: a final snapshot is wanted; only asked of providers with `snapshots`. */
  readonly deletionPolicy: 'Delete' | 'Snapshot';
}

/** What exists after a creation or an update: `Ref` answers the physical id, `Fn::GetAtt` an attribute by its full name. */
export interface ProvidedResource {
  readonly physicalId: string;
  /** By the name used in `Fn::GetAtt`, dots included (`Endpoint.Address`); a name that is not here is an error. */
  readonly attributes: Readonly<Record<string, Json>>;
}

/** Makes, changes and removes the resources of one type. */
export interface ResourceProvider {
  readonly type: string;
  /** Top-level properties whose change, appearance or disappearance means a replacement. `'*'`: every one. */
  readonly replacementOn: readonly string[];
  /** The property with an explicit physical name. A named resource cannot be replaced, as in AWS. @default none */
  readonly nameProperty?: string;
  /** Whether the policy `Snapshot` is possible. @default false */
  readonly snapshots?: boolean;
  /** What a deletion does when the template says nothing; a replacement deletes. @default Delete */
  readonly defaultDeletionPolicy?: 'Delete' | 'Snapshot';
  create(context: CreateContext): Promise<ProvidedResource>;
  /** Must not change the physical id: a property that does so belongs to `replacementOn`. */
  update(context: UpdateContext): Promise<ProvidedResource>;
  delete(context: DeleteContext): Promise<void>;
}
