/** Parameters of the target, from day one: what the promise needs, what replication needs, then the customer's own. */
import type { SealiftConfig } from '../config';
import { FIXED_PARAMETERS } from '../config/agreement';

/** One stream per database uses a slot, a sender and an apply worker; this many databases fit (facts B, E9). */
const STREAMS = 40;

/** Family of the parameter group, from the major version. */
export function parameterFamily(config: SealiftConfig): string {
  return `postgres${majorVersion(config)}`;
}

/** The major version as written in the configuration, such as `17`. */
export function majorVersion(config: SealiftConfig): string {
  return config.target.engineVersion.split('.')[0] ?? '';
}

/** The parameters of the target's group, all as strings. */
export function databaseParameters(config: SealiftConfig): Record<string, string> {
  return {
    max_replication_slots: String(STREAMS),
    max_wal_senders: String(STREAMS),
    max_logical_replication_workers: String(STREAMS),
    // Apply workers come out of this pool, beside the server's own and parallel query.
    max_worker_processes: String(STREAMS + 20),
    // A forgotten slot may hold half of the storage, then it is lost instead of the database (facts E23); megabytes.
    max_slot_wal_keep_size: String(config.target.allocatedStorageGib * 512),
    ...config.target.parameters,
    ...FIXED_PARAMETERS,
  };
}
