import {
  DescribeEndpoints$,
  type DescribeEndpointsCommandInput,
  type DescribeEndpointsCommandOutput,
  DescribeReplicationInstances$,
  type DescribeReplicationInstancesCommandInput,
  type DescribeReplicationInstancesCommandOutput,
} from '@aws-sdk/client-database-migration-service';
import { AwsFault } from '../../fault';
import { type Operation, operation } from '../../operation';
import type { DmsAccess } from '../access';
import { describeEndpoint, describeInstance } from '../describe';
import type { Endpoints } from '../endpoints';
import { filtered, page } from '../paging';
import type { ReplicationInstances } from '../replication-instances';

/** `DescribeReplicationInstances`: all, or by filters; nothing found is `ResourceNotFoundFault`. */
export function describeReplicationInstances(instances: ReplicationInstances, access: DmsAccess): Operation {
  return operation<DescribeReplicationInstancesCommandInput, DescribeReplicationInstancesCommandOutput>({
    schema: DescribeReplicationInstances$,
    parameters: ['Filters', 'MaxRecords', 'Marker'],
    access: () => access.everywhere('dms:DescribeReplicationInstances'),
    run: (input) => {
      const found = filtered('DescribeReplicationInstances', instances.list(), input.Filters, {
        'replication-instance-arn': ({ arn }) => arn,
        'replication-instance-id': ({ identifier }) => identifier,
        'replication-instance-class': ({ settings }) => settings.instanceClass,
        'engine-version': ({ settings }) => settings.engineVersion,
      });
      demandFound(found, input.Filters, 'No Replication Instance found matching the filters');
      const { items, marker } = page(found, input);
      return { ReplicationInstances: items.map(describeInstance), ...(marker && { Marker: marker }) };
    },
  });
}

/** `DescribeEndpoints`: all, or by filters; nothing found is `ResourceNotFoundFault`. */
export function describeEndpoints(endpoints: Endpoints, access: DmsAccess): Operation {
  return operation<DescribeEndpointsCommandInput, DescribeEndpointsCommandOutput>({
    schema: DescribeEndpoints$,
    parameters: ['Filters', 'MaxRecords', 'Marker'],
    access: () => access.everywhere('dms:DescribeEndpoints'),
    run: (input) => {
      const found = filtered('DescribeEndpoints', endpoints.list(), input.Filters, {
        'endpoint-arn': ({ arn }) => arn,
        'endpoint-id': ({ identifier }) => identifier,
        'endpoint-type': ({ type }) => type,
        'engine-name': () => 'postgres',
      });
      demandFound(found, input.Filters, 'No Endpoints found matching the filters');
      const { items, marker } = page(found, input);
      return { Endpoints: items.map(describeEndpoint), ...(marker && { Marker: marker }) };
    },
  });
}

/** A look that asks for something and finds nothing is an error in DMS; a look without filters is not. */
export function demandFound(found: readonly unknown[], filters: readonly unknown[] | undefined, message: string): void {
  if (found.length === 0 && (filters ?? []).length > 0) throw new AwsFault('ResourceNotFoundFault', message);
}
