/** What the configuration tells the steps through their environment. */

/** What the target is configured to be; JSON in `SEALIFT_TARGET_SETTINGS`. */
export interface TargetSettings {
  readonly instanceClass: string;
  /** Major and minor, such as `17.6`. */
  readonly engineVersion: string;
  readonly allocatedStorageGib: number;
  /** Upper bound of storage autoscaling; null without. */
  readonly maxAllocatedStorageGib: number | null;
  readonly storageType: string;
  readonly multiAz: boolean;
  /** Name of its parameter group, which exists before the instance does. */
  readonly parameterGroup: string;
}

/** What the applications follow to the database, from the configuration; JSON in `SEALIFT_SWITCH`. */
export type Switch =
  | {
      readonly kind: 'route53';
      readonly hostedZoneId: string;
      /** Fully qualified name of the CNAME record, without a trailing dot. */
      readonly recordName: string;
      readonly ttlSeconds: number;
    }
  | {
      readonly kind: 'secret';
      /** Complete ARN of the applications' secret, a JSON object. */
      readonly secretArn: string;
      readonly hostField: string;
      /** Null when the secret names no port. */
      readonly portField: string | null;
    }
  | {
      readonly kind: 'parameter';
      /** Name of the applications' parameter in Parameter Store. */
      readonly parameterName: string;
      /** Null when the whole value is the host. */
      readonly hostField: string | null;
      /** Null when the parameter names no port. */
      readonly portField: string | null;
    }
  | {
      readonly kind: 'rds-proxy';
      readonly proxyName: string;
      /** Port of its endpoints. */
      readonly port: number;
      /** Its security group, which lets the canary in and which the target admits. */
      readonly securityGroupId: string;
    }
  | {
      readonly kind: 'hook';
      /** ARN of the customer's function, perhaps with an alias or a version. */
      readonly functionArn: string;
      /** Longest wait for one answer. */
      readonly timeoutSeconds: number;
    };

/** How rows travel over connections; JSON in `SEALIFT_COPY`. */
export interface CopySettings {
  /** Workers that copy rows side by side. */
  readonly workers: number;
  /** Indexes, constraints and other statements that are made side by side. */
  readonly builds: number;
  /** Extensions of the source that are left out. */
  readonly skipExtensions: readonly string[];
  /** Roles that keep their password: ARN of a secret whose JSON has it in the field `password`, by role. */
  readonly passwords: Readonly<Record<string, string>>;
  /** ARN of the secret that keeps the new passwords of all other roles, a JSON object by role. */
  readonly rolePasswordsArn: string;
}

/** How AWS DMS moves rows and changes, and what stands there for it; JSON in `SEALIFT_DMS`. */
export interface DmsSettings {
  readonly replicationInstanceArn: string;
  /** Role by which DMS reads the two secrets. */
  readonly secretsRoleArn: string;
  /** What DMS trusts in `verify-full`. */
  readonly certificateArn: string;
  /** Secret with `username` and `password` of its login on the source; `host` and `port` are added by a step. */
  readonly sourceSecretArn: string;
  /** The same on the target. */
  readonly targetSecretArn: string;
  /** How values that DMS counts as large travel; up to `maxKib` with their row. */
  readonly lob: { readonly mode: 'inline' | 'full' | 'limited'; readonly maxKib: number };
  readonly batchApply: boolean;
  /** Whether DMS compares rows as well, which is kept as evidence. */
  readonly validation: boolean;
  /** Tables that are loaded side by side. */
  readonly parallelLoads: number;
}

/** How later changes follow: publication and subscription, nodes of pglogical, or a task of AWS DMS, which loads the rows as well. */
export type EngineName = 'native' | 'pglogical' | 'dms';

/** The customer's choices that steps obey, from the configuration; JSON in `SEALIFT_POLICY`. */
export interface Policy {
  /** How the rows reach the target: in a snapshot that it grows from, or over connections into an empty one. */
  readonly road: 'snapshot' | 'copy';
  /** How later changes follow. @default 'native', which is said by saying nothing */
  readonly engine?: EngineName | undefined;
  /**
   * What to do about a table whose UPDATE and DELETE could not be replicated: set another identity (recorded, given back), let its new
   * rows alone follow (pglogical), or block.
   */
  readonly missingReplicaIdentity: 'full' | 'insert-only' | 'block';
  /** What to do about large objects, which logical replication does not carry: block, go on without them, or copy them in the cutover. */
  readonly largeObjects: 'block' | 'ignore' | 'copy';
  /** What to do about unlogged tables, which arrive empty: block, or go on (their content is lost by definition). */
  readonly unloggedTables: 'block' | 'warn';
  /** Databases to leave out by exact name. */
  readonly excludeDatabases: readonly string[];
  /** Longest time from the fence to the flip; when it runs out the source is given back. */
  readonly cutoverBudgetSeconds: number;
  /**
   * What happens to a transaction of an application that is older than `afterSeconds` when the fence is due: wait for its end,
   * end it as the fence ends every session, or refuse the cutover.
   */
  readonly longTransactions: { readonly action: 'wait' | 'terminate' | 'abort'; readonly afterSeconds: number };
  /** The cutover is not begun while the lag is above this. */
  readonly cutoverMaxLagBytes: number;
  /** Warn when a slot may retain fewer bytes of WAL than this before it is lost. */
  readonly slotSafeBytes: number;
  /** Number of parallel verification workers. */
  readonly verifyWorkers: number;
  /** What the migration does before it copies: the tables that it prunes, and whether it scans. */
  readonly before: { readonly prunedTables: number; readonly scans: boolean };
  /** What the scan does, and what it may do about damage. */
  readonly scan: {
    /** `block`: damage stops the migration; `quarantine`: what cannot be read is saved as far as it can be, then removed. */
    readonly repair: 'block' | 'quarantine';
    /** Rows that may be removed or found lost, all databases together; with more nothing is removed. */
    readonly maxBadRows: number;
    /** Number of parallel workers. */
    readonly workers: number;
  };
  /** How the target's subscription reaches the source. */
  readonly replicationConnection: {
    /** Host name under which the target reaches the source; null: the source's endpoint. */
    readonly host: string | null;
    readonly port: number | null;
    /** `require` encrypts; `verify-full` also checks the certificate against `rootCertificatePath` on the target. */
    readonly sslMode: 'require' | 'verify-full';
    readonly rootCertificatePath: string | null;
  };
  /** The way back after a cutover. */
  readonly rollback: {
    /** Hours from the flip in which the applications can return with every write; 0: no way back is prepared. */
    readonly windowHours: number;
    /** Host name under which the source reaches the target; null: the target's endpoint. */
    readonly host: string | null;
    readonly port: number | null;
  };
  /** Seconds of the switched record's time to live; 0 when the switch is no record. */
  readonly recordTtlSeconds: number;
}
