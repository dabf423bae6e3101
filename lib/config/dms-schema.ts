/** The section `dms` of the configuration: how AWS DMS moves rows and changes. */
import type { z } from 'zod';
import { oneOf, section, text, whole, yesOrNo } from './fields';

/** How long texts and bytes travel: whole ones are slow, limited ones are cut without an error (facts D11). */
const lob = section({
  mode: oneOf(['inline', 'full', 'limited'])
    .default('inline')
    .describe(
      'How values that DMS counts as large travel. `inline`: with their row up to `maxKib`, looked up above it. `full`: each looked up. `limited`: with their row, and `Assess` blocks when one is longer than `maxKib`, because DMS would cut it without an error',
    ),
  maxKib: whole(1, 102_400, 'KiB').default(32).describe('1 to 102,400 KiB'),
});

/** Used with `engine: dms` only. */
export const dms = section({
  instanceClass: text(
    /^dms\.[a-z][a-z0-9]{1,5}\.(?:micro|small|medium|large|(?:[0-9]{1,2})?xlarge)$/,
    'a class of replication instances, such as "dms.r5.large"',
  ).describe('Class of the replication instance, such as "dms.r5.large"'),
  engineVersion: text(/^3\.\d{1,2}\.\d{1,2}$/, 'a version of DMS, such as "3.5.4"').describe(
    'Version of DMS, such as "3.5.4"; it is not upgraded by itself',
  ),
  allocatedStorageGib: whole(5, 6144, 'GiB')
    .default(100)
    .describe('5 to 6,144 GiB, which hold changes while a load runs, and the logs'),
  multiAz: yesOrNo().default(false).describe('Whether a standby in another zone takes over'),
  accountRoles: oneOf(['existing', 'create'])
    .default('existing')
    .describe(
      'The roles `dms-vpc-role` and `dms-cloudwatch-logs-role`, of which an account has one each. `existing`: they are there, somebody else made them. `create`: this stack makes them and leaves them behind; the deployment fails when they exist',
    ),
  lob: lob.prefault({}),
  batchApply: yesOrNo()
    .default(false)
    .describe('Whether changes are applied in batches, which is faster and, after an error, falls back to one by one'),
  validation: yesOrNo()
    .default(true)
    .describe("Whether DMS compares rows as well. Sealift's own verification decides; this is kept as evidence"),
  parallelLoads: whole(1, 49, 'tables').default(8).describe('1 to 49 tables that are loaded side by side'),
});

/** The section with every default filled in. */
export type DmsConfig = z.output<typeof dms>;
