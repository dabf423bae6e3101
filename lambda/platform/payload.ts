/** Schemas of what steps share; an event that does not match is refused before anything is opened (faults 17, 108). */
import * as z from 'zod';
import { SCHEMA_VERSION } from '../contract';

/** Fields of every call. */
export const call = z.strictObject({ schemaVersion: z.literal(SCHEMA_VERSION), execution: z.string().min(1) });

/** Fields of every call that changes something. */
export const claimedCall = call.extend({ epoch: z.string().regex(/^\d+$/) });

/** Where evidence is kept. */
export const evidencePointer = z.strictObject({ bucket: z.string().min(1), key: z.string().min(1) });

/** What RDS says of an instance. */
export const instanceFacts = z.strictObject({
  kind: z.literal('rds').optional(),
  endpoint: evidencePointer,
  instanceId: z.string(),
  arn: z.string(),
  resourceId: z.string(),
  status: z.string(),
  engine: z.string(),
  engineVersion: z.string(),
  instanceClass: z.string(),
  masterUsername: z.string(),
  masterSecretArn: z.string().nullable(),
  encryption: z.strictObject({ type: z.enum(['none', 'sse-rds', 'sse-kms']), keyArn: z.string().nullable() }),
  multiAz: z.boolean(),
  publiclyAccessible: z.boolean(),
  deletionProtection: z.boolean(),
  backupRetentionDays: z.number(),
  allocatedStorageGib: z.number(),
  parameterGroups: z.array(z.strictObject({ name: z.string(), applyStatus: z.string() })),
});

/** A server that AWS does not manage. */
const hostFacts = z.strictObject({
  kind: z.literal('server'),
  endpoint: instanceFacts.shape.endpoint,
  instanceId: z.string().min(1),
});

/** Either side. */
export const serverFacts = z.union([instanceFacts, hostFacts]);

/** What else AWS says. */
export const surroundings = z.strictObject({
  inspectedAt: z.iso.datetime(),
  source: z
    .strictObject({
      storageType: z.string(),
      maxAllocatedStorageGib: z.number().nullable(),
      readReplicas: z.array(z.string()),
      iamAuthentication: z.boolean(),
      optionGroups: z.array(z.string()),
      attachedRoles: z.array(z.string()),
      latestRestorableTime: z.iso.datetime().nullable(),
    })
    .nullable(),
  target: z.strictObject({
    instanceClass: z.string(),
    engineVersion: z.string(),
    allocatedStorageGib: z.number(),
    maxAllocatedStorageGib: z.number().nullable(),
    storageType: z.string(),
    multiAz: z.boolean(),
    parameterGroup: z.string(),
  }),
  offer: z
    .strictObject({
      minStorageGib: z.number().nullable(),
      maxStorageGib: z.number().nullable(),
      multiAz: z.boolean(),
      encryption: z.boolean(),
    })
    .nullable(),
  quotas: z.array(z.strictObject({ name: z.string(), used: z.number(), max: z.number() })),
  parameters: z.array(
    z.strictObject({ name: z.string(), source: z.string().nullable(), target: z.string().nullable() }),
  ),
});

/** What a snapshot is for; an execution of before there were two names none. */
export const snapshotPurpose = z.enum(['seed', 'baseline', 'final']).optional();

/** Names of the databases of a migration. */
export const databases = z.array(z.string().min(1)).min(1);

/** The two servers. */
export const bothSides = { source: serverFacts, target: serverFacts };

/** A slot made by `prepare`. */
export const slotFacts = z.strictObject({
  database: z.string(),
  slot: z.string(),
  publication: z.string(),
  startLsn: z.string(),
});
