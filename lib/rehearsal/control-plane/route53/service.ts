import {
  ChangeResourceRecordSets$,
  type ChangeResourceRecordSetsCommandInput,
  type ChangeResourceRecordSetsCommandOutput,
  GetChange$,
  type GetChangeCommandInput,
  type GetChangeCommandOutput,
  GetHostedZone$,
  type GetHostedZoneCommandInput,
  type GetHostedZoneCommandOutput,
  InvalidChangeBatch$,
  ListHostedZonesByName$,
  type ListHostedZonesByNameCommandInput,
  type ListHostedZonesByNameCommandOutput,
  ListResourceRecordSets$,
  type ListResourceRecordSetsCommandInput,
  type ListResourceRecordSetsCommandOutput,
  NoSuchChange$,
  NoSuchHostedZone$,
  type ResourceRecordSet,
} from '@aws-sdk/client-route-53';
import { byName, operation, type Service } from '../operation';
import { absolute } from './change-batch';
import type { HostedZone, HostedZones, ZoneChange } from './zones';

const MAX_ITEMS = 300;

/**
 * Route 53 as far as the switch asks: list, change, and follow a change until it is INSYNC.
 *
 * @param zones the account's hosted zones
 */
export function route53Service(zones: HostedZones): Service {
  const listHostedZonesByName = operation<ListHostedZonesByNameCommandInput, ListHostedZonesByNameCommandOutput>({
    schema: ListHostedZonesByName$,
    parameters: ['DNSName', 'MaxItems'],
    access: () => [{ action: 'route53:ListHostedZonesByName', resource: '*' }],
    run: ({ DNSName, MaxItems = 100 }) => {
      const from = DNSName === undefined ? '' : reversed(absolute(DNSName));
      const found = zones.list().filter(({ name }) => reversed(name) >= from);
      const HostedZones = found.slice(0, MaxItems).map(describeZone);
      return { HostedZones, IsTruncated: found.length > MaxItems, MaxItems, ...(DNSName ? { DNSName } : {}) };
    },
  });

  const getHostedZone = operation<GetHostedZoneCommandInput, GetHostedZoneCommandOutput>({
    schema: GetHostedZone$,
    parameters: ['Id'],
    access: ({ Id = '' }) => [{ action: 'route53:GetHostedZone', resource: zoneArn(Id) }],
    run: ({ Id = '' }) => ({ HostedZone: describeZone(zones.get(Id)) }),
  });

  return {
    signingName: 'route53',
    protocol: 'rest-xml',
    xmlNamespace: 'https://route53.amazonaws.com/doc/2013-04-01/',
    errors: [NoSuchHostedZone$, NoSuchChange$, InvalidChangeBatch$],
    operations: byName([
      listRecords(zones),
      changeRecords(zones),
      getChange(zones),
      listHostedZonesByName,
      getHostedZone,
    ]),
    deniedCode: 'AccessDenied',
  };
}

function listRecords(zones: HostedZones) {
  return operation<ListResourceRecordSetsCommandInput, ListResourceRecordSetsCommandOutput>({
    schema: ListResourceRecordSets$,
    parameters: ['HostedZoneId', 'StartRecordName', 'StartRecordType', 'MaxItems'],
    access: ({ HostedZoneId = '' }) => [{ action: 'route53:ListResourceRecordSets', resource: zoneArn(HostedZoneId) }],
    run: ({ HostedZoneId = '', StartRecordName, StartRecordType, MaxItems = MAX_ITEMS }) => {
      const from =
        StartRecordName === undefined ? '' : order({ Name: absolute(StartRecordName), Type: StartRecordType });
      const found = [...zones.get(HostedZoneId).records.values()]
        .sort((left, right) => (order(left) < order(right) ? -1 : 1))
        .filter((record) => order(record) >= from);
      const next = found[MaxItems];
      return {
        ResourceRecordSets: found.slice(0, MaxItems),
        IsTruncated: next !== undefined,
        MaxItems,
        ...(next ? { NextRecordName: next.Name, NextRecordType: next.Type } : {}),
      };
    },
  });
}

function changeRecords(zones: HostedZones) {
  return operation<ChangeResourceRecordSetsCommandInput, ChangeResourceRecordSetsCommandOutput>({
    schema: ChangeResourceRecordSets$,
    parameters: ['HostedZoneId', 'ChangeBatch'],
    access: ({ HostedZoneId = '', ChangeBatch }) => {
      const changes = ChangeBatch?.Changes ?? [];
      const names = changes.map(({ ResourceRecordSet: record }) => absolute(record?.Name ?? '').slice(0, -1));
      return [
        {
          action: 'route53:ChangeResourceRecordSets',
          resource: zoneArn(HostedZoneId),
          context: {
            'route53:ChangeResourceRecordSetsNormalizedRecordNames': names,
            'route53:ChangeResourceRecordSetsRecordTypes': changes.map(({ ResourceRecordSet: record }) =>
              String(record?.Type),
            ),
            'route53:ChangeResourceRecordSetsActions': changes.map(({ Action }) => String(Action)),
          },
        },
      ];
    },
    run: ({ HostedZoneId = '', ChangeBatch }) => ({
      ChangeInfo: describeChange(zones.change(HostedZoneId, ChangeBatch?.Changes ?? [])),
    }),
  });
}

function getChange(zones: HostedZones) {
  return operation<GetChangeCommandInput, GetChangeCommandOutput>({
    schema: GetChange$,
    parameters: ['Id'],
    access: ({ Id = '' }) => [{ action: 'route53:GetChange', resource: `arn:aws:route53:::change/${Id}` }],
    run: ({ Id = '' }) => ({ ChangeInfo: describeChange(zones.changeOf(Id)) }),
  });
}

function describeChange(change: ZoneChange): NonNullable<GetChangeCommandOutput['ChangeInfo']> {
  return { Id: `/change/${change.changeId}`, Status: change.status, SubmittedAt: new Date(change.submittedAt) };
}

function describeZone(zone: HostedZone): NonNullable<GetHostedZoneCommandOutput['HostedZone']> {
  return {
    Id: `/hostedzone/${zone.zoneId}`,
    Name: zone.name,
    CallerReference: zone.zoneId,
    Config: { PrivateZone: false },
    ResourceRecordSetCount: zone.records.size,
  };
}

function zoneArn(zoneId: string): string {
  return `arn:aws:route53:::hostedzone/${zoneId.replace(/^\/?hostedzone\//, '')}`;
}

/** Route 53 sorts by the labels of the name from the right, then by type. */
function order(record: Pick<ResourceRecordSet, 'Name' | 'Type'>): string {
  return `${reversed(record.Name ?? '')} ${record.Type ?? ''}`;
}

function reversed(name: string): string {
  return name.split('.').filter(Boolean).reverse().join('.');
}
