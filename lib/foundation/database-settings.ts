/** Parameters of the target, from day one: what the promise needs, what replication needs, then the customer's own. */
import type { SealiftConfig } from '../config';
import { FIXED_PARAMETERS } from '../config/agreement';
import { PGLOGICAL_PARAMETERS } from '../config/road-agreement';

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
    ...(config.engine === 'pglogical' && pglogicalParameters(config)),
  };
}

/** What RDS loads when nobody says otherwise. */
const LOADED_BY_RDS = 'pg_stat_statements';

/** The library beside those that are loaded anyway; a manager and a worker run for each database. */
function pglogicalParameters(config: SealiftConfig): Record<string, string> {
  const loaded = config.target.parameters.shared_preload_libraries ?? LOADED_BY_RDS;
  const libraries = loaded.split(',').map((library) => library.trim());
  return {
    ...PGLOGICAL_PARAMETERS,
    shared_preload_libraries: [...new Set([...libraries, 'pglogical'])].join(','),
    max_worker_processes: config.target.parameters.max_worker_processes ?? String(2 * STREAMS + 20),
  };
}
