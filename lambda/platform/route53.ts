/** Route 53: the one CNAME by which applications find the database. */
import {
  ChangeResourceRecordSetsCommand,
  GetChangeCommand,
  ListResourceRecordSetsCommand,
  type ResourceRecordSet,
  Route53Client,
} from '@aws-sdk/client-route-53';
import { Blocked } from '../errors';
import { CLIENT_LIMITS, callAws } from './aws-call';

const client = new Route53Client(CLIENT_LIMITS);

/** A record by name, without a trailing dot, in a zone. */
export interface RecordPlace {
  readonly hostedZoneId: string;
  readonly recordName: string;
}

/** The record: value in lower case and without a trailing dot; both null when the zone has no record of that name. */
export interface RecordFacts {
  readonly name: string;
  readonly value: string | null;
  readonly ttlSeconds: number | null;
}

/** Reads the record; throws `Blocked` when the zone is missing or the name belongs to another kind of record. */
export async function readRecord(place: RecordPlace): Promise<RecordFacts> {
  const { hostedZoneId, recordName } = place;
  const sets = await callAws(
    { action: 'route53:ListResourceRecordSets', resource: `zone ${hostedZoneId}` },
    async () => {
      // Sets come in the order of names, so that those of one name stand together.
      const request = { HostedZoneId: hostedZoneId, StartRecordName: recordName, MaxItems: 10 };
      const answer = await client.send(new ListResourceRecordSetsCommand(request));
      return answer.ResourceRecordSets ?? [];
    },
    { NoSuchHostedZone: missingZone(hostedZoneId) },
  );
  const same = sets.filter((set) => plainName(set.Name ?? '') === plainName(recordName));
  const [found] = same;
  if (found === undefined) return { name: recordName, value: null, ttlSeconds: null };
  const value = found.ResourceRecords?.[0]?.Value;
  if (same.length > 1 || found.Type !== 'CNAME' || value === undefined || found.SetIdentifier !== undefined) {
    const kinds = same.map((set) => set.Type).join(', ');
    throw new Blocked(
      `${recordName} in zone ${hostedZoneId} is not one simple CNAME record but ${kinds}, ` +
        'make it a CNAME of the source without a routing policy',
    );
  }
  return { name: recordName, value: plainName(value), ttlSeconds: found.TTL ?? null };
}

/** Points the record at `value`, whatever it said: compare before (fault 93). Returns the id of the change. */
export async function writeRecord(place: RecordPlace, value: string, ttlSeconds: number): Promise<string> {
  const { hostedZoneId, recordName } = place;
  return callAws(
    { action: 'route53:ChangeResourceRecordSets', resource: `${recordName} in zone ${hostedZoneId}` },
    async () => {
      const record: ResourceRecordSet = {
        Name: recordName,
        Type: 'CNAME',
        TTL: ttlSeconds,
        ResourceRecords: [{ Value: value }],
      };
      const answer = await client.send(
        new ChangeResourceRecordSetsCommand({
          HostedZoneId: hostedZoneId,
          ChangeBatch: { Changes: [{ Action: 'UPSERT', ResourceRecordSet: record }] },
        }),
      );
      return answer.ChangeInfo?.Id ?? '';
    },
    { NoSuchHostedZone: missingZone(hostedZoneId) },
  );
}

/** True when every Route 53 server answers with the change (facts E21). */
export async function changeInSync(changeId: string): Promise<boolean> {
  return callAws({ action: 'route53:GetChange', resource: changeId }, async () => {
    const answer = await client.send(new GetChangeCommand({ Id: changeId }));
    return answer.ChangeInfo?.Status === 'INSYNC';
  });
}

/** Names compare without case and without the trailing dot. */
export function plainName(name: string): string {
  return name.toLowerCase().replace(/\.$/, '');
}

function missingZone(hostedZoneId: string) {
  return (cause: Error): never => {
    throw new Blocked(`hosted zone ${hostedZoneId} does not exist, configure the zone of the record`, { cause });
  };
}
