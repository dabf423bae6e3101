/** How large the target should be: pure rules, each with its reason in words. */
import type { Advice, Sizing } from '../contract/assessment';
import type { Policy, TargetSettings } from '../contract/settings';
import { type InstanceClass, readInstanceClass, smallestClass } from './instance-class';
import { gibibytes } from './words';

/** RDS makes no smaller volume for PostgreSQL on gp3, io1 and io2, and no larger one (facts G8, E27). */
const LEAST_STORAGE_GIB = 20;
const MOST_STORAGE_GIB = 65_536;

/** Storage is twice the databases (facts G8): indexes are rebuilt and tables vacuumed on the other half. */
const STORAGE_FACTOR = 2;

/** One vCPU serves this many sessions that run a statement at the same moment; an assumption of ours. */
const ACTIVE_SESSIONS_PER_VCPU = 4;

/** Autovacuum and the catalogue keep one vCPU busy for this many relations; an assumption of ours. */
const RELATIONS_PER_VCPU = 25_000;

/** Memory of one connection with its caches; all of them together shall leave three quarters to buffers; ours too. */
const CONNECTION_MIB = 10;
const CONNECTIONS_SHARE = 0.25;

/** Two workers of a verification keep two vCPUs busy (facts K9), and applications go on meanwhile. */
const VCPUS_PER_WORKER = 2;
const MOST_WORKERS = 8;

/** What the rules look at. */
export interface SizingFacts {
  readonly road: Policy['road'];
  /** Null of a server that AWS does not manage. */
  readonly sourceClass: string | null;
  /** The same. */
  readonly sourceStorageGib: number | null;
  /** Bytes that the target holds: of every database of the instance when it grows from a snapshot, else of those that are migrated. */
  readonly databaseBytes: number;
  /** Tables, indexes, sequences and views of the databases that are migrated. */
  readonly relations: number;
  readonly connectedSessions: number;
  readonly activeSessions: number;
  readonly configured: TargetSettings;
  readonly configuredWorkers: number;
  /** Greatest storage that RDS offers for the configured class and storage type, GiB; null when it does not say. */
  readonly mostStorageGib: number | null;
}

/** Advises storage, instance class and verification workers. */
export function sizeTarget(facts: SizingFacts): Sizing {
  return {
    allocatedStorageGib: adviseStorage(facts),
    instanceClass: adviseClass(facts),
    verifyWorkers: adviseWorkers(facts),
  };
}

/**
 * Double the databases, rounded up, within what RDS offers, and on the snapshot road never below the source: a restore cannot
 * shrink (facts E17).
 */
function adviseStorage(facts: SizingFacts): Advice<number> {
  const doubled = (STORAGE_FACTOR * facts.databaseBytes) / 2 ** 30;
  const most = Math.min(facts.mostStorageGib ?? MOST_STORAGE_GIB, MOST_STORAGE_GIB);
  const rounded = Math.min(roundUp(Math.max(LEAST_STORAGE_GIB, doubled)), most);
  const twice = `twice the ${gibibytes(facts.databaseBytes)} of databases, rounded up, at least ${LEAST_STORAGE_GIB} GiB`;
  const configured = facts.configured.allocatedStorageGib;
  if (facts.road === 'copy' || facts.sourceStorageGib === null) return { advised: rounded, configured, basis: twice };
  return {
    advised: Math.max(rounded, facts.sourceStorageGib),
    configured,
    basis: `${twice} and the source's ${facts.sourceStorageGib} GiB, because a restore never shrinks`,
  };
}

function roundUp(gib: number): number {
  const step = gib > 1000 ? 100 : 10;
  return Math.ceil(gib / step) * step;
}

function adviseClass(facts: SizingFacts): Advice<string> {
  const configured = facts.configured.instanceClass;
  const wanted = readInstanceClass(configured);
  if (facts.sourceClass === null) return adviseByLoad(facts, wanted);
  const source = readInstanceClass(facts.sourceClass);
  if (source === null || wanted === null) {
    const unread = source === null ? facts.sourceClass : configured;
    return { advised: facts.sourceClass, configured, basis: `the name ${unread} does not tell its size` };
  }
  const needs = needsOf(facts, source);
  const advised = smallestClass(wanted.family, needs.vcpus, needs.memoryGib) ?? wanted;
  return {
    advised: advised.name,
    configured,
    basis: `${needs.vcpus} vCPUs and ${needs.memoryGib} GiB: ${needs.because}`,
  };
}

/** Nobody tells what the host of such a server has: the load that was seen is all there is to go by, and never less than what is configured. */
function adviseByLoad(facts: SizingFacts, wanted: InstanceClass | null): Advice<string> {
  const configured = facts.configured.instanceClass;
  const seen = `${facts.activeSessions} active of ${facts.connectedSessions} sessions and ${facts.relations} relations`;
  if (wanted === null)
    return { advised: configured, configured, basis: `the name ${configured} does not tell its size` };
  const needs = needsOf(facts, wanted);
  const advised = smallestClass(wanted.family, needs.vcpus, needs.memoryGib) ?? wanted;
  return {
    advised: advised.name,
    configured,
    basis: `${needs.vcpus} vCPUs and ${needs.memoryGib} GiB for ${seen}; compare with what the host of the source has`,
  };
}

/** The source's own class is the floor: nobody knows its peaks, and it has stood them. */
function needsOf(facts: SizingFacts, source: InstanceClass) {
  const busy = Math.ceil(facts.activeSessions / ACTIVE_SESSIONS_PER_VCPU);
  const catalogue = Math.ceil(facts.relations / RELATIONS_PER_VCPU);
  const vcpus = Math.max(source.vcpus, busy, catalogue);
  const connections = Math.ceil((facts.connectedSessions * CONNECTION_MIB) / 1024 / CONNECTIONS_SHARE);
  const memoryGib = Math.max(source.memoryGib, connections);
  const because =
    vcpus === source.vcpus && memoryGib === source.memoryGib
      ? `what the source's ${source.name} has, which ${facts.activeSessions} active of ${facts.connectedSessions} sessions and ${facts.relations} relations do not exceed`
      : `more than the source's ${source.name}, for ${facts.activeSessions} active of ${facts.connectedSessions} sessions and ${facts.relations} relations`;
  return { vcpus, memoryGib, because };
}

function adviseWorkers(facts: SizingFacts): Advice<number> {
  const { sourceClass, configured } = facts;
  const sizes = [...(sourceClass === null ? [] : [sourceClass]), configured.instanceClass].map(readInstanceClass);
  const vcpus = Math.min(...sizes.map((each) => each?.vcpus ?? VCPUS_PER_WORKER));
  return {
    advised: Math.max(1, Math.min(MOST_WORKERS, Math.floor(vcpus / VCPUS_PER_WORKER))),
    configured: facts.configuredWorkers,
    basis: `one for every ${VCPUS_PER_WORKER} of the ${vcpus} vCPUs of the smaller side, at most ${MOST_WORKERS}`,
  };
}
