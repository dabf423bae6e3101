import {
  CreateEndpoint$,
  type CreateEndpointCommandInput,
  type CreateEndpointCommandOutput,
  DeleteEndpoint$,
  type DeleteEndpointCommandInput,
  type DeleteEndpointCommandOutput,
} from '@aws-sdk/client-database-migration-service';
import { AwsFault, Refusal } from '../../fault';
import { type Operation, operation } from '../../operation';
import { requestTagContext, tagMap } from '../../place';
import type { DmsAccess } from '../access';
import type { Dms } from '../account';
import { describeEndpoint } from '../describe';
import type { WantedEndpoint } from '../endpoints';
import { invalidValue } from '../names';

/** `CreateEndpoint`: of PostgreSQL, with its login in a secret. */
export function createEndpoint({ endpoints }: Dms, access: DmsAccess): Operation {
  return operation<CreateEndpointCommandInput, CreateEndpointCommandOutput>({
    schema: CreateEndpoint$,
    parameters: [
      'EndpointIdentifier',
      'EndpointType',
      'EngineName',
      'DatabaseName',
      'KmsKeyId',
      'SslMode',
      'CertificateArn',
      'PostgreSQLSettings',
      'Tags',
    ],
    access: ({ Tags }, place) => [
      {
        action: 'dms:CreateEndpoint',
        resource: `arn:aws:dms:${place.region}:${place.account}:endpoint:*`,
        context: requestTagContext(Tags),
      },
      ...access.tagNewEndpoint(place, Tags),
    ],
    run: (input) => ({ Endpoint: describeEndpoint(endpoints.create(wantedOf(input))) }),
  });
}

/** `DeleteEndpoint`: of one that no task uses; what was tested of it is forgotten. */
export function deleteEndpoint({ endpoints, tasks, connections }: Dms, access: DmsAccess): Operation {
  return operation<DeleteEndpointCommandInput, DeleteEndpointCommandOutput>({
    schema: DeleteEndpoint$,
    parameters: ['EndpointArn'],
    access: ({ EndpointArn = '' }) => access.endpoint('dms:DeleteEndpoint', EndpointArn),
    run: ({ EndpointArn = '' }) => {
      const endpoint = endpoints.get(EndpointArn);
      const user = tasks.list().find(({ source, target }) => source === endpoint || target === endpoint);
      if (user) {
        const message = `Endpoint ${EndpointArn} is part of one or more ReplicationTasks, such as ${user.identifier}`;
        throw new AwsFault('InvalidResourceStateFault', message);
      }
      const tested = connections.list().filter((connection) => connection.endpoint === endpoint);
      for (const { instance } of tested) connections.remove(instance, endpoint);
      endpoints.remove(EndpointArn);
      return { Endpoint: { ...describeEndpoint(endpoint), Status: 'deleting' } };
    },
  });
}

function wantedOf(input: CreateEndpointCommandInput): WantedEndpoint {
  const { EndpointType: type, SslMode: sslMode = 'none' } = input;
  if (input.EngineName !== 'postgres') throw new Refusal(`EngineName ${input.EngineName} of dms:CreateEndpoint`);
  if (type !== 'source' && type !== 'target')
    throw invalidValue(`EndpointType must be source or target, got ${String(type)}`);
  return {
    identifier: input.EndpointIdentifier ?? '',
    type,
    databaseName: input.DatabaseName ?? '',
    sslMode,
    ...(input.CertificateArn !== undefined && { certificateArn: input.CertificateArn }),
    ...(input.KmsKeyId !== undefined && { kmsKeyId: input.KmsKeyId }),
    postgreSqlSettings: { ...input.PostgreSQLSettings },
    tags: tagMap(input.Tags),
  };
}
