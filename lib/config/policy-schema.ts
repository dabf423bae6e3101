/** The policy section of the configuration: what steps may do on their own. */
import { z } from 'zod';
import { hostOrAddress, listOf, oneOf, section, text, whole } from './fields';

/** How the target's subscription reaches the source. */
export const replicationConnection = section({
  host: hostOrAddress()
    .optional()
    .describe(
      "A name or IPv4 address under which the target's server reaches the source. Without it, the source's endpoint",
    ),
  port: whole(1, 65535, 'port').optional().describe("Without it, the source's port"),
  sslMode: oneOf(['require', 'verify-full'])
    .default('require')
    .describe('`require` encrypts; `verify-full` also checks the certificate and the name'),
  rootCertificatePath: text(/^\/[\w./-]{1,255}$/, 'an absolute path of letters, digits, dot, slash, dash, underscore')
    .optional()
    .describe("Path on the target's server; needed with `verify-full` and refused without"),
});

/** What the cutover does about transactions of applications that are open for long when the fence is due. */
export const longTransactions = section({
  action: oneOf(['wait', 'terminate', 'abort'])
    .default('wait')
    .describe(
      'Transactions of applications that are older than this when the fence is due. `wait`: the cutover waits for their end as long as its function can, then refuses. `terminate`: the fence ends them as it ends every session. `abort`: refuse',
    ),
  afterSeconds: whole(1, 86_400, 'seconds').default(60).describe('1 to 86,400. From this age on a transaction is long'),
});

/** What steps may do on their own; the defaults change nothing and lose nothing without being told. */
export const policy = section({
  missingReplicaIdentity: oneOf(['full', 'insert-only', 'block'])
    .default('block')
    .describe(
      'Tables whose UPDATE and DELETE could not be replicated. `full`: they get a replica identity for the migration (a unique index where one can serve, else FULL), recorded and given back. `insert-only`, with `engine: pglogical`: the same, and of tables that have no key new rows alone follow; rows that are changed or deleted stop the cutover. `block`: refuse',
    ),
  largeObjects: oneOf(['block', 'ignore', 'copy'])
    .default('block')
    .describe(
      'Large objects. `ignore`: those of the snapshot arrive, later changes do not. `copy`: the cutover compares all of them by hash and copies what differs, before the fence and once more behind it, where every one is read again: that adds to the outage, and is part of its prediction',
    ),
  unloggedTables: oneOf(['block', 'warn'])
    .default('block')
    .describe('Unlogged tables, which arrive empty. `warn`: go on'),
  excludeDatabases: listOf(
    z
      .string({ error: 'a database name' })
      .min(1, { error: 'a database name' })
      .refine((name) => Buffer.byteLength(name) <= 63 && !name.includes('\0'), {
        error: 'a name of at most 63 bytes without NUL',
      }),
    0,
    100,
    'database names',
  )
    .default([])
    .describe('Databases to leave out by exact name. They arrive as they were in the snapshot, without later changes'),
  standStillMinutes: whole(5, 4320, 'minutes')
    .default(360)
    .describe(
      '5 to 4,320. A human is told when apply on the target stands still; only after this long is the replication given up and the source released. WAL piles up on the source meanwhile',
    ),
  cutoverBudgetSeconds: whole(5, 240, 'seconds')
    .default(30)
    .describe(
      '5 to 240. Longest time from the fence to the flip; then the source is given back. A cutover whose dry run predicts more is not begun',
    ),
  /** @default - wait for those older than a minute */
  longTransactions: longTransactions.prefault({}),
  cutoverMaxLagBytes: whole(0, 2 ** 40, 'bytes')
    .default(16 * 2 ** 20)
    .describe('A cutover does not begin above this lag'),
  slotSafeBytes: whole(0, 2 ** 46, 'bytes')
    .default(2 ** 30)
    .describe('A warning is logged when a slot can hold fewer bytes of WAL than this'),
  verifyWorkers: whole(1, 8, 'workers').default(4).describe('1 to 8 parallel workers of the verification'),
  /** @default - the source's endpoint, encrypted */
  replicationConnection: replicationConnection.prefault({}),
});
