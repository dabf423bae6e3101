import type { ProviderContext, ResourceProvider } from '../../../cloudformation/provider';
import type { Dms } from '../../dms/account';
import type { WantedEndpoint } from '../../dms/endpoints';
import type { Endpoint } from '../../dms/resources';
import { cloudFormationTags, Properties } from '../properties';
import { given } from './instance';

/** Provider of `AWS::DMS::Certificate`; `Ref` is its ARN. */
export function certificateProvider({ endpoints }: Dms): ResourceProvider {
  return {
    type: 'AWS::DMS::Certificate',
    nameProperty: 'CertificateIdentifier',
    replacementOn: ['*'],
    create: async (context) => {
      const properties = new Properties(context);
      const identifier = properties.text('CertificateIdentifier') ?? context.physicalNameHint;
      const pem = properties.requiredText('CertificatePem');
      properties.refuseOthers();
      const { arn } = endpoints.importCertificate({ identifier, pem });
      context.assignPhysicalId(arn);
      return { physicalId: arn, attributes: {} };
    },
    update: async ({ logicalId }) => {
      throw new Error(`certificate ${logicalId} cannot be changed, only replaced`);
    },
    delete: async ({ physicalId }) => endpoints.removeCertificate(physicalId),
  };
}

/** Provider of `AWS::DMS::Endpoint`, for PostgreSQL and by secrets only; `Ref` is its ARN. */
export function endpointProvider({ endpoints, tasks }: Dms): ResourceProvider {
  return {
    type: 'AWS::DMS::Endpoint',
    nameProperty: 'EndpointIdentifier',
    replacementOn: ['EndpointIdentifier', 'EndpointType', 'EngineName', 'KmsKeyId', 'ResourceIdentifier'],
    create: async (context) => {
      const endpoint = endpoints.create(read(context));
      context.assignPhysicalId(endpoint.arn);
      return provided(endpoint);
    },
    update: async (context) => provided(endpoints.modify(context.physicalId, read(context))),
    delete: async ({ physicalId }) => {
      const user = tasks.list().find(({ source, target }) => source.arn === physicalId || target.arn === physicalId);
      if (user) throw new Error(`endpoint ${physicalId} is part of replication task ${user.identifier}`);
      endpoints.remove(physicalId);
    },
  };
}

function read(context: ProviderContext): WantedEndpoint {
  const properties = new Properties(context);
  const engine = properties.text('EngineName');
  if (engine !== 'postgres') throw new Error(`EngineName of ${context.logicalId} must be postgres, got ${engine}`);
  const type = properties.requiredText('EndpointType');
  if (type !== 'source' && type !== 'target')
    throw new Error(`EndpointType of ${context.logicalId} must be source or target, got ${type}`);
  const sslMode = properties.text('SslMode') ?? 'none';
  if (sslMode !== 'none' && sslMode !== 'require' && sslMode !== 'verify-ca' && sslMode !== 'verify-full')
    throw new Error(`SslMode of ${context.logicalId} must be none, require, verify-ca or verify-full, got ${sslMode}`);
  const optional = {
    resourceName: properties.text('ResourceIdentifier'),
    certificateArn: properties.text('CertificateArn'),
    kmsKeyId: properties.text('KmsKeyId'),
    extraConnectionAttributes: properties.text('ExtraConnectionAttributes'),
  };
  const wanted: WantedEndpoint = {
    ...given(optional),
    identifier: properties.text('EndpointIdentifier') ?? context.physicalNameHint,
    type,
    sslMode,
    databaseName: properties.requiredText('DatabaseName'),
    postgreSqlSettings: settings(properties),
    tags: properties.tags(cloudFormationTags(context)),
  };
  properties.refuseOthers();
  return wanted;
}

/** Templates may spell numbers and truth values as texts. */
function settings(properties: Properties): Record<string, unknown> {
  const entries = Object.entries(properties.object('PostgreSqlSettings') ?? {});
  return Object.fromEntries(entries.map(([name, value]) => [name, plain(value)]));
}

function plain(value: unknown): unknown {
  if (value === 'true' || value === 'false') return value === 'true';
  return typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value;
}

function provided({ arn }: Endpoint) {
  return { physicalId: arn, attributes: { ExternalId: '' } };
}
