/** What of the sample is old, as its owners would say it in the configuration. */
import type { SealiftConfigInput } from '../../config';

const LINEAGE = { database: 'lineage', schema: 'public' } as const;

/**
 * Events with what they mention, mentions and sessions of more than six months, statistics of five, metrics and their events of
 * thirty days. The application goes on deleting old events meanwhile, and the sample may be tiny: hence the tolerance.
 */
export const REFERENCE_POLICY: NonNullable<SealiftConfigInput['prune']> = {
  entries: [
    { ...LINEAGE, table: 'session', column: 'opened_at', olderThan: '6 months' },
    { ...LINEAGE, table: 'execution_event', column: 'occurred_at', olderThan: '6 months' },
    { ...LINEAGE, table: 'expression_mention', column: 'mentioned_at', olderThan: '6 months' },
    { ...LINEAGE, table: 'unresolved_mention', column: 'seen_at', olderThan: '6 months' },
    { ...LINEAGE, table: 'change_statistic', column: 'day', olderThan: '5 months' },
    { ...LINEAGE, table: 'metric', column: 'touched_at', olderThan: '30 days' },
    {
      ...LINEAGE,
      table: 'metric_event',
      column: 'at',
      olderThan: '30 days',
      partitions: 'drop',
      // Nine months are kept of what is needed for one.
      confirmed: true,
    },
  ],
  tolerance: 0.5,
};
