/** RDS beside the instances: what it offers, how much of the account's quotas is used, what parameter groups say. Only looks. */
import {
  DescribeAccountAttributesCommand,
  DescribeDBParametersCommand,
  DescribeOrderableDBInstanceOptionsCommand,
  type OrderableDBInstanceOption,
  RDSClient,
} from '@aws-sdk/client-rds';
import type { Surroundings } from '../contract/assessment';
import type { TargetSettings } from '../contract/settings';
import { CLIENT_LIMITS, callAws } from './aws-call';

const client = new RDSClient(CLIENT_LIMITS);

/** Quotas that a migration uses: an instance, its storage, two manual snapshots. */
const QUOTAS: ReadonlySet<string> = new Set(['DBInstances', 'AllocatedStorage', 'ManualSnapshots']);

/** A group has some five hundred parameters at most, few of them set by a user. */
const MOST_PAGES = 20;

/** What RDS offers for class, version and storage type together; null when nothing. */
export async function findOffer(settings: TargetSettings): Promise<Surroundings['offer']> {
  const { instanceClass, engineVersion, storageType } = settings;
  const resource = `${instanceClass} with PostgreSQL ${engineVersion}`;
  return callAws<Surroundings['offer']>(
    { action: 'rds:DescribeOrderableDBInstanceOptions', resource },
    async () => {
      const { OrderableDBInstanceOptions: options = [] } = await client.send(
        new DescribeOrderableDBInstanceOptionsCommand({
          Engine: 'postgres',
          EngineVersion: engineVersion,
          DBInstanceClass: instanceClass,
          Vpc: true,
        }),
      );
      const found = options.find((option) => option.StorageType === storageType);
      return found === undefined ? null : describeOffer(found);
    },
    // A version that RDS does not have is a combination that it does not offer.
    { InvalidParameterCombination: () => null, InvalidParameterCombinationException: () => null },
  );
}

/** The quotas that a migration uses, storage in GiB. */
export async function readQuotas(): Promise<Surroundings['quotas']> {
  return callAws({ action: 'rds:DescribeAccountAttributes', resource: 'the account' }, async () => {
    const { AccountQuotas: quotas = [] } = await client.send(new DescribeAccountAttributesCommand({}));
    return quotas.flatMap(({ AccountQuotaName: name = '', Used: used, Max: max }) =>
      QUOTAS.has(name) && used !== undefined && max !== undefined ? [{ name, used, max }] : [],
    );
  });
}

/** Parameters that a user has set in a group, by name; null when there is no such group. */
export async function readUserParameters(groupName: string): Promise<ReadonlyMap<string, string> | null> {
  return callAws<ReadonlyMap<string, string> | null>(
    { action: 'rds:DescribeDBParameters', resource: `parameter group ${groupName}` },
    async () => {
      const found = new Map<string, string>();
      let marker: string | undefined;
      for (let page = 0; page < MOST_PAGES; page += 1) {
        const answer = await client.send(
          new DescribeDBParametersCommand({ DBParameterGroupName: groupName, Source: 'user', Marker: marker }),
        );
        for (const { ParameterName: name, ParameterValue: value } of answer.Parameters ?? []) {
          if (name !== undefined && value !== undefined) found.set(name, value);
        }
        marker = answer.Marker;
        if (marker === undefined || marker === '') break;
      }
      return found;
    },
    { DBParameterGroupNotFoundFault: () => null },
  );
}

function describeOffer(option: OrderableDBInstanceOption): Surroundings['offer'] {
  return {
    minStorageGib: option.MinStorageSize ?? null,
    maxStorageGib: option.MaxStorageSize ?? null,
    multiAz: option.MultiAZCapable ?? false,
    encryption: option.SupportsStorageEncryption ?? false,
  };
}
