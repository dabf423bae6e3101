import type { EndpointSettings } from './endpoint-settings';

/** Statuses of a replication instance that the stand-in knows. */
export type ReplicationInstanceStatus = 'creating' | 'available' | 'modifying' | 'rebooting' | 'deleting' | 'failed';

/** Subnets that a replication instance may live in; recorded only. */
export interface SubnetGroup {
  readonly identifier: string;
  description: string;
  subnetIds: readonly string[];
  readonly tags: ReadonlyMap<string, string>;
}

/** What can be set on a replication instance. */
export interface ReplicationInstanceSettings {
  instanceClass: string;
  allocatedStorageGib: number;
  autoMinorVersionUpgrade: boolean;
  engineVersion: string;
  multiAz: boolean;
  maintenanceWindow: string;
  securityGroupIds: readonly string[];
}

/** A replication instance. */
export interface ReplicationInstance {
  readonly identifier: string;
  readonly arn: string;
  readonly createdAt: number;
  readonly availabilityZone: string;
  readonly subnetGroup: SubnetGroup | null;
  readonly kmsKeyArn: string;
  /** True unless it is said, as DMS has it. */
  readonly publiclyAccessible: boolean;
  readonly settings: ReplicationInstanceSettings;
  readonly tags: ReadonlyMap<string, string>;
  status: ReplicationInstanceStatus;
  settled: Promise<void>;
}

/** A certificate that endpoints trust. */
export interface Certificate {
  readonly identifier: string;
  readonly arn: string;
  readonly pem: string;
  readonly createdAt: number;
}

/** How an endpoint's sessions are encrypted and checked. */
export type SslMode = 'none' | 'require' | 'verify-ca' | 'verify-full';

/** A place to read from or to write to. */
export interface Endpoint {
  readonly identifier: string;
  readonly arn: string;
  readonly type: 'source' | 'target';
  readonly kmsKeyArn: string;
  readonly tags: ReadonlyMap<string, string>;
  databaseName: string;
  sslMode: SslMode;
  certificateArn: string | null;
  settings: EndpointSettings;
  extraConnectionAttributes: string | null;
  /** The settings as they were given, for descriptions. */
  given: Readonly<Record<string, unknown>>;
}

/** Whether an instance reaches an endpoint, as its last test found. */
export interface Connection {
  readonly instance: ReplicationInstance;
  readonly endpoint: Endpoint;
  status: 'testing' | 'successful' | 'failed' | 'deleting';
  lastFailureMessage: string | null;
}
