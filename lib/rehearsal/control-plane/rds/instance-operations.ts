import {
  DescribeDBInstances$,
  type DescribeDBInstancesCommandInput,
  type DescribeDBInstancesCommandOutput,
} from '@aws-sdk/client-rds';
import type { Keys } from '../kms/keys';
import { type Operation, operation } from '../operation';
import type { RdsAccess } from './access';
import { describeInstance } from './describe';
import type { Instances } from './instances';

/** `DescribeDBInstances`: one by identifier or ARN, or all. */
export function describeInstances(instances: Instances, keys: Keys, access: RdsAccess): Operation {
  return operation<DescribeDBInstancesCommandInput, DescribeDBInstancesCommandOutput>({
    schema: DescribeDBInstances$,
    parameters: ['DBInstanceIdentifier'],
    access: ({ DBInstanceIdentifier }) => [access.instance('rds:DescribeDBInstances', DBInstanceIdentifier)],
    run: ({ DBInstanceIdentifier }) => {
      const id = DBInstanceIdentifier?.startsWith('arn:') ? DBInstanceIdentifier.split(':')[6] : DBInstanceIdentifier;
      const found = id === undefined ? instances.list() : [instances.get(id)];
      return { DBInstances: found.map((instance) => describeInstance(instance, keys)) };
    },
  });
}
