/** Cases of settings: the server is restarted with what is wrong, then with what the remedy says. */
import type { RemedyCase } from '../remedy-case';

/** Each fires on a real server and is cured. */
export const SETTING_CASES: readonly RemedyCase[] = [
  {
    id: 'wal-level',
    verdict: 'block',
    names: 'wal_level is replica',
    settings: { wal_level: 'replica' },
    ill: [],
    cure: 'remedy',
  },
  {
    id: 'replication-slots',
    verdict: 'block',
    names: '3 of max_replication_slots = 3 are free',
    settings: { max_replication_slots: 3 },
    ill: [],
    cure: 'remedy',
  },
  {
    id: 'wal-senders',
    verdict: 'block',
    names: '1 of max_wal_senders = 1 are free',
    settings: { max_wal_senders: 1 },
    ill: [],
    cure: 'remedy',
  },
  {
    id: 'logical-workers',
    verdict: 'warn',
    names: 'max_logical_replication_workers = 1',
    settings: { max_logical_replication_workers: 1 },
    ill: [],
    cure: 'remedy',
  },
  {
    id: 'slot-retention',
    verdict: 'warn',
    names: 'max_slot_wal_keep_size is -1',
    settings: { max_slot_wal_keep_size: -1 },
    ill: [],
    cure: 'remedy',
  },
  {
    id: 'slot-retention',
    verdict: 'warn',
    names: 'max_slot_wal_keep_size is 100 MB',
    settings: { max_slot_wal_keep_size: '100MB' },
    ill: [],
    cure: 'remedy',
  },
  {
    id: 'decoding-memory',
    verdict: 'warn',
    names: 'logical_decoding_work_mem is 1 MB, for 4 slots',
    settings: { logical_decoding_work_mem: '1MB' },
    ill: [],
    cure: 'remedy',
  },
  {
    id: 'decoding-memory',
    verdict: 'warn',
    names: '2400 MB of 8192 MB',
    settings: { logical_decoding_work_mem: '600MB' },
    ill: [],
    cure: 'remedy',
  },
];
