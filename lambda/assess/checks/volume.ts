/** Checks of amounts: WAL against storage, memory of decoding, the target's size (facts A17, E17, E23, G8). */
import type { Check, Inspection, Prediction, Sizing } from '../../contract/assessment';
import type { Policy } from '../../contract/settings';
import { block, listed, pass, warn } from '../check';
import { readInstanceClass } from '../instance-class';
import { managedInspection } from '../managed';
import { isHardToCatchUp } from '../prediction';
import type { ServerSurvey } from '../survey';
import type { VolumeSurvey } from '../volume';
import { bytesInWords, durationInWords, gibibytes } from '../words';

/** Part of the volume that is left to logs, temporary files and the file system. */
const RESERVE = 0.1;

/** Part of the memory that decoding may take. */
const DECODING_SHARE = 0.25;

/** Below this every larger transaction is spilled to disk while it is decoded; megabytes. */
const LEAST_DECODING_MB = 16;

/** What the checks look at. */
export interface Amounts {
  readonly inspection: Inspection;
  readonly road: Policy['road'];
  readonly server: ServerSurvey;
  readonly volume: VolumeSurvey;
  /** Bytes that the target must hold. */
  readonly storedBytes: number;
  readonly sizing: Sizing;
  readonly prediction: Prediction;
  /** Databases to migrate. */
  readonly databases: number;
}

/** All of them. */
export function volumeChecks(amounts: Amounts): readonly Check[] {
  return [
    walStorage(amounts),
    walRate(amounts.prediction),
    decodingMemory(amounts),
    targetStorage(amounts),
    targetClass(amounts.sizing),
    verifyWorkers(amounts),
  ];
}

/**
 * Free storage is derived: allocated, less all databases, the WAL directory and a reserve. CloudWatch knows it exactly, but its
 * permission knows no resource, and one more endpoint would have to be reached.
 */
function walStorage({ inspection, volume, prediction }: Amounts): Check {
  const id = 'wal-storage';
  const managed = managedInspection(inspection);
  if (managed === null) return walOnHost(prediction);
  const { source, surroundings } = managed;
  const most = surroundings.source.maxAllocatedStorageGib ?? source.allocatedStorageGib;
  const usedBytes = volume.databaseBytes + (volume.walDirectoryBytes ?? 0);
  const free = (gib: number) => gib * 2 ** 30 * (1 - RESERVE) - usedBytes;
  const needed = prediction.walRetainedBytes;
  const what =
    `the slots retain about ${bytesInWords(needed)} of WAL in ${durationInWords(prediction.retentionSeconds)}; ` +
    `of ${source.allocatedStorageGib} GiB about ${gibibytes(Math.max(0, free(source.allocatedStorageGib)))} are free, a tenth left as reserve`;
  if (needed <= free(source.allocatedStorageGib)) return pass(id, what);
  const growth = needed <= free(most) ? '; autoscaling may grow it in time' : '';
  const wanted = Math.ceil((usedBytes + needed) / (1 - RESERVE) / 2 ** 30);
  return warn(id, what + growth, `enlarge the source's storage to ${wanted} GiB, or migrate while less is written`);
}

/** Nobody but its owner knows the disks of a server that AWS does not manage. */
function walOnHost({ walRetainedBytes, retentionSeconds }: Prediction): Check {
  const needed = bytesInWords(walRetainedBytes);
  return warn(
    'wal-storage',
    `the slots retain about ${needed} of WAL in ${durationInWords(retentionSeconds)}; how much is free on the host cannot be seen from here`,
    `look there: df -h "$PGDATA/pg_wal" must show ${needed} and as much again for a target that falls behind`,
  );
}

function walRate({ walBytesPerSecond, walBasis }: Prediction): Check {
  const id = 'wal-rate';
  const what = `the source writes ${bytesInWords(walBytesPerSecond)} of WAL a second (${walBasis})`;
  if (!isHardToCatchUp(walBytesPerSecond)) return pass(id, what);
  return warn(id, what, 'one apply worker for each database may not catch up with it: migrate at a quiet time');
}

/** Each decoding slot may take that much, a stream and a tap for each database. */
function decodingMemory({ inspection, server, databases }: Amounts): Check {
  const id = 'decoding-memory';
  const { source } = inspection;
  const memoryMb = source.kind === 'server' ? 0 : (readInstanceClass(source.instanceClass)?.memoryGib ?? 0) * 1024;
  const slots = 2 * databases;
  const mostMb = Math.round(server.decodingMemoryKb / 1024) * slots;
  const what = `logical_decoding_work_mem is ${Math.round(server.decodingMemoryKb / 1024)} MB, for ${slots} slots`;
  const set =
    source.kind === 'server'
      ? 'in postgresql.conf, which needs a reload only'
      : "in the source's parameter group, which needs no reboot";
  if (server.decodingMemoryKb < LEAST_DECODING_MB * 1024) {
    return warn(
      id,
      what,
      `set logical_decoding_work_mem to 65536 (64 MB) ${set}: larger transactions are spilled to disk`,
    );
  }
  if (memoryMb === 0 || mostMb <= memoryMb * DECODING_SHARE) return pass(id, what);
  const eachKb = Math.max(LEAST_DECODING_MB * 1024, Math.floor((memoryMb * DECODING_SHARE * 1024) / slots));
  return warn(id, `${what}: ${mostMb} MB of ${memoryMb} MB`, `set logical_decoding_work_mem to ${eachKb} ${set}`);
}

function targetStorage({ road, storedBytes, sizing, inspection: { source, surroundings } }: Amounts): Check {
  const id = 'target-storage';
  const { advised, configured, basis } = sizing.allocatedStorageGib;
  const most = Math.max(configured, surroundings.target.maxAllocatedStorageGib ?? 0);
  const least = Math.ceil(storedBytes / (1 - RESERVE) / 2 ** 30);
  const has = source.kind === 'server' ? '' : `${source.allocatedStorageGib} GiB${road === 'copy' ? ' and ' : ''}`;
  const what =
    `target.allocatedStorageGib is ${configured}, the source has ${has}` +
    (road === 'copy' ? `databases of ${gibibytes(storedBytes)}` : '');
  if (road === 'snapshot' && source.kind !== 'server' && configured < source.allocatedStorageGib) {
    return block(id, what, `configure at least ${source.allocatedStorageGib}: a restore never shrinks`);
  }
  if (road === 'copy' && most < least) {
    return block(
      id,
      what,
      `configure target.allocatedStorageGib: ${Math.max(least, advised)}: the rows need that room`,
    );
  }
  if (most >= advised) return pass(id, `${what}; ${advised} GiB are advised`);
  return warn(
    id,
    `${what}; ${advised} GiB are advised: ${basis}`,
    `configure target.allocatedStorageGib: ${advised}, or let it grow by target.maxAllocatedStorageGib`,
  );
}

function targetClass({ instanceClass: { advised, configured, basis } }: Sizing): Check {
  const id = 'target-class';
  const [has, wants] = [configured, advised].map(readInstanceClass);
  const what = `target.instanceClass is ${configured}, advised is ${advised}: ${basis}`;
  if (!has || !wants) {
    return configured === advised ? pass(id, what) : warn(id, what, 'compare vCPUs and memory of both classes by hand');
  }
  if (has.vcpus >= wants.vcpus && has.memoryGib >= wants.memoryGib) return pass(id, what);
  return warn(id, what, `configure target.instanceClass: ${advised}`);
}

function verifyWorkers({ sizing, inspection }: Amounts): Check {
  const id = 'verify-workers';
  const { advised, configured, basis } = sizing.verifyWorkers;
  const { source } = inspection;
  const classes = [...(source.kind === 'server' ? [] : [source.instanceClass]), sizing.instanceClass.configured];
  const vcpus = Math.min(...classes.flatMap((name) => readInstanceClass(name)?.vcpus ?? []));
  const what = `policy.verifyWorkers is ${configured}, advised are ${advised}: ${basis}`;
  if (configured <= Math.max(vcpus, 1)) return pass(id, what);
  return warn(
    id,
    `${what}; ${listed(classes)}`,
    `configure policy.verifyWorkers: ${advised}, or the verification slows the applications down`,
  );
}
