import { randomBytes } from 'node:crypto';
import type { Change, ResourceRecordSet } from '@aws-sdk/client-route-53';
import type { Clock } from '../../clock';
import { AwsFault } from '../fault';
import { absolute, applyChanges, recordKey } from './change-batch';

/** A hosted zone: what was written, and what its servers answer already. */
export interface HostedZone {
  readonly zoneId: string;
  /** With a trailing dot. */
  readonly name: string;
  /** Records as `ListResourceRecordSets` shows them, by name and type. */
  records: Map<string, ResourceRecordSet>;
  /** Records as the servers answer them: a change arrives here when it is INSYNC. */
  served: Map<string, ResourceRecordSet>;
}

/** A change on its way to the zone's servers. */
export interface ZoneChange {
  readonly changeId: string;
  readonly submittedAt: number;
  status: 'PENDING' | 'INSYNC';
}

/**
 * The hosted zones and the resolver on top of them. Propagation runs in real time, not on the rehearsal's clock, because
 * the writers measure the outage in real time (facts E21).
 */
export class HostedZones {
  readonly #clock: Clock;
  readonly #propagationMs: number;
  readonly #zones = new Map<string, HostedZone>();
  readonly #changes = new Map<string, ZoneChange>();
  readonly #timers = new Set<NodeJS.Timeout>();

  /** @param propagationMs real milliseconds until a change is INSYNC */
  constructor(clock: Clock, propagationMs: number) {
    this.#clock = clock;
    this.#propagationMs = propagationMs;
  }

  /** Makes a zone. */
  create(name: string, zoneId: string = randomId('Z')): HostedZone {
    const zone: HostedZone = { zoneId, name: absolute(name), records: new Map(), served: new Map() };
    this.#zones.set(zoneId, zone);
    return zone;
  }

  /** Writes a record at once, propagation included, as the state that a migration finds. */
  setRecord(zoneId: string, record: ResourceRecordSet): void {
    const zone = this.get(zoneId);
    const changes: Change[] = [{ Action: 'UPSERT', ResourceRecordSet: record }];
    zone.records = applyChanges(zone.name, zone.records, changes);
    zone.served = new Map(zone.records);
  }

  /**
   * Finds a zone by id, with or without `/hostedzone/`.
   *
   * @throws AwsFault `NoSuchHostedZone`
   */
  get(zoneId: string): HostedZone {
    const zone = this.#zones.get(zoneId.replace(/^\/?hostedzone\//, ''));
    if (!zone) throw new AwsFault('NoSuchHostedZone', `No hosted zone found with ID: ${zoneId}`, 404);
    return zone;
  }

  /** Every zone, by name and id. */
  list(): readonly HostedZone[] {
    return [...this.#zones.values()].sort(
      (left, right) => compare(left.name, right.name) || compare(left.zoneId, right.zoneId),
    );
  }

  /**
   * Applies a batch of changes: all of it or nothing.
   *
   * @throws AwsFault `InvalidChangeBatch` with every reason
   */
  change(zoneId: string, changes: readonly Change[]): ZoneChange {
    const zone = this.get(zoneId);
    zone.records = applyChanges(zone.name, zone.records, changes);
    const change: ZoneChange = { changeId: randomId('C'), submittedAt: this.#clock.now(), status: 'PENDING' };
    this.#changes.set(change.changeId, change);
    const settled = zone.records;
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      zone.served = settled;
      change.status = 'INSYNC';
    }, this.#propagationMs);
    this.#timers.add(timer);
    return change;
  }

  /**
   * Finds a change by id, with or without `/change/`.
   *
   * @throws AwsFault `NoSuchChange`
   */
  changeOf(changeId: string): ZoneChange {
    const change = this.#changes.get(changeId.replace(/^\/?change\//, ''));
    if (!change) throw new AwsFault('NoSuchChange', `Could not find resource with ID: ${changeId}`, 404);
    return change;
  }

  /**
   * Answers a name as the zones' servers do at this moment: follows CNAMEs within the zones.
   *
   * @param name any name, with or without a trailing dot
   * @returns the last name or address of the chain, without a trailing dot; a name outside the zones is its own answer
   */
  resolve(name: string): string {
    let current = absolute(name);
    // A chain of CNAMEs is refused by resolvers beyond a few links; the bound also ends loops.
    for (let link = 0; link < 16; link += 1) {
      const next = this.#lookUp(current);
      if (next === null) return current.replace(/\.$/, '');
      current = next;
    }
    throw new Error(`name ${name} does not resolve: its chain of CNAME records is longer than 16 links`);
  }

  /** The CNAME record of a name, as the zones' servers answer it at this moment; null when there is none. */
  alias(name: string): { readonly value: string; readonly ttlSeconds: number } | null {
    for (const zone of this.#zones.values()) {
      const record = zone.served.get(recordKey(name, 'CNAME'));
      const value = record?.ResourceRecords?.[0]?.Value;
      if (value) return { value, ttlSeconds: record?.TTL ?? 0 };
    }
    return null;
  }

  /** Stops every propagation that is still under way. */
  close(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }

  #lookUp(name: string): string | null {
    for (const zone of this.#zones.values()) {
      for (const type of ['CNAME', 'A']) {
        const value = zone.served.get(recordKey(name, type))?.ResourceRecords?.[0]?.Value;
        if (value) return type === 'CNAME' ? absolute(value) : value;
      }
    }
    return null;
  }
}

function randomId(prefix: string): string {
  return prefix + randomBytes(10).toString('hex').toUpperCase();
}

function compare(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}
