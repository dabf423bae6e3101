/** What crosses about a server, and where evidence lies. */

/** How a server is reached. It is kept as evidence and never in a state, whose history many may read. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/** Where a piece of evidence lies. */
export interface EvidencePointer {
  readonly bucket: string;
  readonly key: string;
}

/** Encryption as RDS reports it: type *and* key decide, the old boolean under-reports (facts E10). */
export interface Encryption {
  readonly type: 'none' | 'sse-rds' | 'sse-kms';
  readonly keyArn: string | null;
}

/** What RDS says of an instance. */
export interface InstanceFacts {
  /** Nothing writes it: what is not said to be a server of somebody's own is an instance of RDS. */
  readonly kind?: 'rds';
  /** Where its `Endpoint` lies. */
  readonly endpoint: EvidencePointer;
  readonly instanceId: string;
  readonly arn: string;
  readonly resourceId: string;
  readonly status: string;
  readonly engine: string;
  readonly engineVersion: string;
  readonly instanceClass: string;
  readonly masterUsername: string;
  /** ARN of the secret that RDS manages for the master user, when it does. */
  readonly masterSecretArn: string | null;
  readonly encryption: Encryption;
  readonly multiAz: boolean;
  readonly publiclyAccessible: boolean;
  readonly deletionProtection: boolean;
  readonly backupRetentionDays: number;
  readonly allocatedStorageGib: number;
  readonly parameterGroups: readonly { readonly name: string; readonly applyStatus: string }[];
}

/** A PostgreSQL server that AWS does not manage: what is known of it stands in the configuration, and in the server itself. */
export interface HostFacts {
  readonly kind: 'server';
  /** Where its `Endpoint` lies. */
  readonly endpoint: EvidencePointer;
  /** Its configured name, where an instance has its identifier. */
  readonly instanceId: string;
}

/** Either side of a migration: the target is always an instance, but on the way back the sides are turned round. */
export type ServerFacts = InstanceFacts | HostFacts;
