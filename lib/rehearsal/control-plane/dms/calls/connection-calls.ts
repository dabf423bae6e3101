import {
  DeleteConnection$,
  type DeleteConnectionCommandInput,
  type DeleteConnectionCommandOutput,
  DescribeConnections$,
  type DescribeConnectionsCommandInput,
  type DescribeConnectionsCommandOutput,
  TestConnection$,
  type TestConnectionCommandInput,
  type TestConnectionCommandOutput,
} from '@aws-sdk/client-database-migration-service';
import { type Operation, operation } from '../../operation';
import type { DmsAccess } from '../access';
import type { Dms } from '../account';
import { describeConnection } from '../describe';
import { filtered, page } from '../paging';
import { demandFound } from './instance-calls';

/** `TestConnection`: begins to open a session for real. */
export function testConnection({ connections, instances, endpoints }: Dms, access: DmsAccess): Operation {
  return operation<TestConnectionCommandInput, TestConnectionCommandOutput>({
    schema: TestConnection$,
    parameters: ['ReplicationInstanceArn', 'EndpointArn'],
    access: ({ ReplicationInstanceArn = '', EndpointArn = '' }) =>
      access.route('dms:TestConnection', ReplicationInstanceArn, [EndpointArn]),
    run: ({ ReplicationInstanceArn = '', EndpointArn = '' }) => {
      const instance = instances.available(ReplicationInstanceArn);
      return { Connection: describeConnection(connections.test(instance, endpoints.get(EndpointArn))) };
    },
  });
}

/** `DescribeConnections`: all, or by filters. */
export function describeConnections({ connections }: Dms, access: DmsAccess): Operation {
  return operation<DescribeConnectionsCommandInput, DescribeConnectionsCommandOutput>({
    schema: DescribeConnections$,
    parameters: ['Filters', 'MaxRecords', 'Marker'],
    access: () => access.everywhere('dms:DescribeConnections'),
    run: (input) => {
      const found = filtered('DescribeConnections', connections.list(), input.Filters, {
        'endpoint-arn': ({ endpoint }) => endpoint.arn,
        'replication-instance-arn': ({ instance }) => instance.arn,
      });
      demandFound(found, input.Filters, 'No connections found matching the filters');
      const { items, marker } = page(found, input);
      return { Connections: items.map(describeConnection), ...(marker && { Marker: marker }) };
    },
  });
}

/** `DeleteConnection`: forgets what a test found. */
export function deleteConnection({ connections, instances, endpoints }: Dms, access: DmsAccess): Operation {
  return operation<DeleteConnectionCommandInput, DeleteConnectionCommandOutput>({
    schema: DeleteConnection$,
    parameters: ['ReplicationInstanceArn', 'EndpointArn'],
    access: ({ ReplicationInstanceArn = '', EndpointArn = '' }) =>
      access.route('dms:DeleteConnection', ReplicationInstanceArn, [EndpointArn]),
    run: ({ ReplicationInstanceArn = '', EndpointArn = '' }) => {
      const connection = connections.remove(instances.get(ReplicationInstanceArn), endpoints.get(EndpointArn));
      return { Connection: describeConnection(connection) };
    },
  });
}
