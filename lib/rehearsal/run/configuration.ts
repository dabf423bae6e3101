/** The configuration that the rehearsal synthesizes the stacks with: a customer's, with this machine's addresses. */
import type { SealiftConfigInput } from '../../config';
import { configuredSwitch, type Doors, type SwitchKind } from './door';
import type { Engine, Road, SourceKind, TestOptions } from './options';
import {
  ACCOUNT,
  CLIENTS_GROUP,
  MASTER_USERNAME,
  MIGRATION,
  OUTSIDE_HOST,
  OUTSIDE_SOURCE,
  REGION,
  SOURCE_INSTANCE,
} from './place';

/** What only the run knows. */
export interface RunFacts extends Doors {
  readonly road: Road;
  /** Databases of a server that the user runs which are left alone; null of any other source. */
  readonly leftAlone: readonly string[] | null;
  readonly sourceKind: SourceKind;
  readonly engine: Engine;
  /** ARN of the secret with the password of each role that writes; they keep it on an empty target. */
  readonly rolePasswordArns: Readonly<Record<string, string>>;
  readonly switchKind: SwitchKind;
  /** What is scanned: the source before the copy, the copy, or nothing. */
  readonly scans: 'source' | 'target' | null;
  /** Parallel workers of the scan. @default the configuration's */
  readonly scanWorkers?: number;
  /** Whether what the scan finds may be repaired. */
  readonly damaged: boolean;
  readonly masterSecretArn: string;
  /** Authorities that functions trust, PEM. */
  readonly caPem: string;
  /** Path of the same that the servers can read. */
  readonly caPath: string;
  /** TCP port of the source's server. */
  readonly sourcePort: number;
  /** TCP port under which the source's server reaches the target; null when no way back is wanted. */
  readonly wayBackPort: number | null;
  /** What the target is to run, such as `17.10`. */
  readonly targetEngineVersion: string;
}

function sourceOf({ sourceKind, masterSecretArn, caPem, sourcePort }: RunFacts): SealiftConfigInput['source'] {
  const common = { masterSecretArn, trustedCaPem: caPem };
  return sourceKind === 'rds'
    ? { kind: 'rds', instanceId: SOURCE_INSTANCE, securityGroupId: 'sg-0a1b2c3d4e5f60718', ...common }
    : {
        kind: 'server',
        name: OUTSIDE_SOURCE,
        host: OUTSIDE_HOST,
        address: '127.0.0.1',
        port: sourcePort,
        // What is pruned here is rehearsed on a copy.
        ownBackup: true,
        ...common,
      };
}

/** Makes the value of the context key `sealift`. */
export function rehearsalConfiguration(
  facts: RunFacts,
  policy: TestOptions['policy'] = {},
  prune: SealiftConfigInput['prune'] = {},
): SealiftConfigInput {
  return {
    migration: MIGRATION,
    account: ACCOUNT,
    region: REGION,
    road: facts.road,
    engine: facts.engine,
    source: sourceOf(facts),
    network: {
      vpcId: 'vpc-0a1b2c3d4e5f60718',
      subnetIds: ['subnet-0a1b2c3d4e5f60718', 'subnet-1b2c3d4e5f607182a'],
      availabilityZones: [`${REGION}a`, `${REGION}b`],
      clients: [CLIENTS_GROUP],
    },
    target: {
      instanceClass: 'db.m7g.large',
      engineVersion: facts.targetEngineVersion,
      allocatedStorageGib: 100,
      masterUsername: MASTER_USERNAME,
    },
    ...(facts.road === 'copy' && { copy: { passwords: facts.rolePasswordArns } }),
    key: { kind: 'create' },
    switch: configuredSwitch(facts.switchKind, facts),
    prune,
    scan: {
      enabled: facts.scans !== null,
      on: facts.scans ?? 'source',
      repair: facts.damaged ? 'quarantine' : 'block',
      workers: facts.scanWorkers,
    },
    rollback: facts.wayBackPort === null ? {} : { windowHours: 1, host: 'localhost', port: facts.wayBackPort },
    policy: {
      // The sample has tables without a key, and pglogical knows rows by keys alone.
      missingReplicaIdentity: facts.engine === 'pglogical' ? 'insert-only' : 'full',
      unloggedTables: 'warn',
      verifyWorkers: 2,
      // Nothing of the user's own is altered, replica identities among it.
      ...(facts.leftAlone !== null && { missingReplicaIdentity: 'block', excludeDatabases: [...facts.leftAlone] }),
      ...policy,
      replicationConnection: {
        host: 'localhost',
        port: facts.sourcePort,
        sslMode: 'verify-full',
        rootCertificatePath: facts.caPath,
      },
    },
  };
}
