import type { Change, ResourceRecordSet } from '@aws-sdk/client-route-53';
import { AwsFault } from '../fault';

/** Members of a record that the rehearsal honours; routing policies and aliases are refused. */
const KNOWN_MEMBERS = new Set(['Name', 'Type', 'TTL', 'ResourceRecords']);

/** A name in lower case with a trailing dot, as Route 53 stores it. */
export function absolute(name: string): string {
  const lower = name.toLowerCase();
  return lower.endsWith('.') ? lower : `${lower}.`;
}

/** Key of a record within its zone. */
export function recordKey(name: string, type: string): string {
  return `${absolute(name)} ${type}`;
}

/**
 * Applies a batch to a zone's records: CREATE refuses an existing record, DELETE wants exactly the present one, UPSERT
 * does either; a name with a CNAME holds nothing else.
 *
 * @param zoneName name of the zone
 * @param records the records before; not changed
 * @returns the records after
 * @throws AwsFault `InvalidChangeBatch` with every reason in `messages`
 */
export function applyChanges(
  zoneName: string,
  records: ReadonlyMap<string, ResourceRecordSet>,
  changes: readonly Change[],
): Map<string, ResourceRecordSet> {
  const after = new Map(records);
  const reasons: string[] = [];
  for (const { Action, ResourceRecordSet: given } of changes) {
    const reason = given ? applyChange(zoneName, after, String(Action), given) : 'a change without a record set';
    if (reason !== null) reasons.push(reason);
  }
  if (reasons.length > 0)
    throw new AwsFault('InvalidChangeBatch', `[${reasons.join(', ')}]`, 400, { messages: reasons });
  return after;
}

function applyChange(
  zoneName: string,
  records: Map<string, ResourceRecordSet>,
  action: string,
  given: ResourceRecordSet,
): string | null {
  const unknown = Object.entries(given).find(([name, value]) => value !== undefined && !KNOWN_MEMBERS.has(name));
  if (unknown) return `the rehearsal does not know ${unknown[0]} of a record set`;
  const record: ResourceRecordSet = { ...given, Name: absolute(given.Name ?? '') };
  const type = String(record.Type);
  const label = `[name='${record.Name}', type='${type}']`;
  const key = recordKey(record.Name ?? '', type);
  const invalid = invalidity(zoneName, record, label);
  if (invalid !== null) return invalid;
  const present = records.get(key);
  if (action === 'DELETE') {
    if (!present) return `Tried to delete resource record set ${label} but it was not found`;
    if (!same(present, record)) {
      return `Tried to delete resource record set ${label} but the values provided do not match the current values`;
    }
    records.delete(key);
    return null;
  }
  if (action !== 'CREATE' && action !== 'UPSERT') return `the action '${action}' is unknown`;
  if (action === 'CREATE' && present) return `Tried to create resource record set ${label} but it already exists`;
  const conflict = [...records.values()].find(
    (other) => other.Name === record.Name && other.Type !== type && (other.Type === 'CNAME' || type === 'CNAME'),
  );
  if (conflict) {
    return `RRSet of type ${type} with DNS name ${record.Name} is not permitted because a conflicting RRSet of type ${conflict.Type} with the same DNS name already exists`;
  }
  records.set(key, record);
  return null;
}

function invalidity(zoneName: string, record: ResourceRecordSet, label: string): string | null {
  const name = record.Name ?? '';
  if (name !== zoneName && !name.endsWith(`.${zoneName}`))
    return `RRSet with DNS name ${name} is not permitted in zone ${zoneName}`;
  if (record.TTL === undefined) return `Invalid request: Missing field 'TTL' in resource record set ${label}`;
  const count = record.ResourceRecords?.length ?? 0;
  if (count === 0)
    return `Invalid request: expected exactly one of [AliasTarget, all of [TTL, and ResourceRecords]], in ${label}`;
  if (record.Type === 'CNAME' && count > 1) return `a CNAME record holds exactly one value, got ${count} in ${label}`;
  return null;
}

function same(left: ResourceRecordSet, right: ResourceRecordSet): boolean {
  const values = (record: ResourceRecordSet) => (record.ResourceRecords ?? []).map(({ Value }) => Value).sort();
  return left.TTL === right.TTL && JSON.stringify(values(left)) === JSON.stringify(values(right));
}
