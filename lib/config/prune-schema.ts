/** The section `prune`: what is old and is not to move. It names tables and ages, never SQL. */
import { z } from 'zod';
import { listOf, oneOf, section, share, text, whole, yesOrNo } from './fields';

const objectName = (what: string) =>
  text(/^(?=[^"\p{Cc}]{1,63}$)[\p{L}_][^"\p{Cc}]*$/u, `the name of ${what}, at most 63 characters without quotes`)
    // PostgreSQL cuts longer names without a word (facts K5).
    .refine((name) => Buffer.byteLength(name) <= 63, { error: `the name of ${what}, at most 63 bytes` });

const prunedChild = section({
  schema: objectName('a schema').default('public').describe("The child's schema"),
  table: objectName('a table').describe('The child'),
  column: objectName('a column').describe('Its column that points at the pruned table'),
  references: objectName('a column')
    .optional()
    .describe('The column of the pruned table that it points at. Without it, the one-column primary key'),
});

/** What is old and is not to move. */
export const prune = section({
  entries: listOf(
    section({
      database: objectName('a database').describe('Database of the table'),
      schema: objectName('a schema').default('public').describe('Its schema'),
      table: objectName('a table').describe('The table whose old rows go; a partitioned one as a whole'),
      column: objectName('a column').describe(
        'Its column of type `timestamptz`, `timestamp` or `date` that tells the age',
      ),
      olderThan: text(
        /^[1-9]\d{0,3} (?:day|week|month|year)s?$/,
        'an age of at least a day, such as "6 months" or "30 days"',
      ).describe('Rows older than this go, such as `6 months`, `30 days`; units day, week, month, year'),
      children: z
        .union([z.literal('auto'), listOf(prunedChild, 1, 8, 'children')], {
          error: '"auto", or a list of objects with schema, table, column, references',
        })
        .default('auto')
        .describe(
          '`auto`: rows that point at a pruned row by a foreign key with `on delete cascade` go with it. A list names further tables whose rows go with it, declared or not. Any other row that points at an old row keeps it',
        ),
      keepLast: whole(1, 1_000_000, 'rows').optional().describe('So many of the newest rows stay in any case'),
      batchRows: whole(1, 100_000, 'rows').default(5_000).describe('1 to 100,000: rows of one transaction, roughly'),
      partitions: oneOf(['rows', 'drop'])
        .default('rows')
        .describe(
          '`drop`: range partitions that end before the boundary are detached and dropped, when no foreign key points at the table',
        ),
      confirmed: yesOrNo().default(false).describe('Allows more than `maxShare` of this table to go'),
    }),
    0,
    12,
    'entries',
  )
    .default([])
    .describe(
      'The tables whose old rows go before the migration, at most 12. Without any, `Migrate` has no phase Prune',
    ),
  tolerance: share()
    .default(0.1)
    .describe(
      '0 to 1. The phase ends as `Blocked` when the rows that went differ by more than this share from those that were planned, of at least a hundred',
    ),
  maxShare: share()
    .default(0.5)
    .describe(
      '0 to 1. A plan that would remove more than this share of a table is refused unless its entry is confirmed',
    ),
  timeZone: text(/^[A-Za-z][\w+/-]{0,63}$/, 'the name of a time zone, such as Europe/Berlin')
    .default('UTC')
    .describe("Time zone on whose calendar ages are counted back from the database's clock"),
  workers: whole(1, 8, 'workers').default(2).describe('1 to 8 parallel workers of the pruning'),
});
