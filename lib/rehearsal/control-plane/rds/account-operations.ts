import {
  DescribeAccountAttributes$,
  type DescribeAccountAttributesCommandInput,
  type DescribeAccountAttributesCommandOutput,
  DescribeOrderableDBInstanceOptions$,
  type DescribeOrderableDBInstanceOptionsCommandInput,
  type DescribeOrderableDBInstanceOptionsCommandOutput,
  type OrderableDBInstanceOption,
} from '@aws-sdk/client-rds';
import { AwsFault } from '../fault';
import { type Operation, operation } from '../operation';
import { isOffered } from './engine-versions';
import type { Instances } from './instances';
import type { Snapshots } from './snapshots';

/** AWS's defaults for a new account: instances, and their storage in GiB. */
const MOST_INSTANCES = 40;
const MOST_STORAGE_GIB = 100_000;

/** Storage types with their least and greatest size in GiB. */
const STORAGE_TYPES = { gp2: [20, 65_536], gp3: [20, 65_536], io1: [100, 65_536], io2: [100, 65_536] } as const;

/** Classes that the rehearsal's RDS offers, as names; any size of the families of today. */
const OFFERED = /^db\.(?:t4g|t3|m6g|m6i|m7g|m7i|m8g|r6g|r6i|r7g|r7i|r8g|x2g)\.(?:micro|small|medium|large|\d*xlarge)$/;

/** `DescribeAccountAttributes`: the quotas of instances, storage and manual snapshots. */
export function describeAccountAttributes(instances: Instances, snapshots: Snapshots): Operation {
  return operation<DescribeAccountAttributesCommandInput, DescribeAccountAttributesCommandOutput>({
    schema: DescribeAccountAttributes$,
    parameters: [],
    access: () => [{ action: 'rds:DescribeAccountAttributes', resource: '*' }],
    run: () => {
      const all = instances.list();
      const storage = all.reduce((sum, { settings }) => sum + settings.allocatedStorageGib, 0);
      const quota = (name: string, used: number, max: number) => ({ AccountQuotaName: name, Used: used, Max: max });
      return {
        AccountQuotas: [
          quota('DBInstances', all.length, MOST_INSTANCES),
          quota('AllocatedStorage', storage, MOST_STORAGE_GIB),
          quota('ManualSnapshots', snapshots.list().length, snapshots.limit),
        ],
      };
    },
  });
}

/** `DescribeOrderableDBInstanceOptions` for PostgreSQL: one option for each storage type of an offered class. */
export function describeOrderableOptions(): Operation {
  return operation<DescribeOrderableDBInstanceOptionsCommandInput, DescribeOrderableDBInstanceOptionsCommandOutput>({
    schema: DescribeOrderableDBInstanceOptions$,
    parameters: ['Engine', 'EngineVersion', 'DBInstanceClass', 'Vpc'],
    access: () => [{ action: 'rds:DescribeOrderableDBInstanceOptions', resource: '*' }],
    run: ({ Engine, EngineVersion = '', DBInstanceClass = '' }) => {
      if (!isOffered(Engine, EngineVersion)) {
        throw new AwsFault('InvalidParameterCombination', `Cannot find version ${EngineVersion} for ${Engine}`);
      }
      const offered = OFFERED.test(DBInstanceClass) ? Object.entries(STORAGE_TYPES) : [];
      return {
        OrderableDBInstanceOptions: offered.map(
          ([type, [least, most]]): OrderableDBInstanceOption => ({
            Engine,
            EngineVersion,
            DBInstanceClass,
            LicenseModel: 'postgresql-license',
            Vpc: true,
            MultiAZCapable: true,
            SupportsStorageEncryption: true,
            StorageType: type,
            MinStorageSize: least,
            MaxStorageSize: most,
          }),
        ),
      };
    },
  });
}
