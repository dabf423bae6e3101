import { EVERYTHING, SECRETS_ROLE } from './dms-stage';

const vpcRole = (roleName: string) => ({
  Type: 'AWS::IAM::Role',
  Properties: {
    RoleName: roleName,
    AssumeRolePolicyDocument: {
      Statement: [{ Effect: 'Allow', Principal: { Service: 'dms.amazonaws.com' }, Action: 'sts:AssumeRole' }],
    },
    ManagedPolicyArns: ['arn:aws:iam::aws:policy/service-role/AmazonDMSVPCManagementRole'],
  },
});
const settings = { SecretsManagerSecretId: 'source', SecretsManagerAccessRoleArn: SECRETS_ROLE, CaptureDdls: false };
const endpoint = (type: string) => ({
  Type: 'AWS::DMS::Endpoint',
  Properties: {
    EndpointType: type,
    EngineName: 'postgres',
    DatabaseName: 'postgres',
    SslMode: 'verify-full',
    CertificateArn: { Ref: 'Certificate' },
    PostgreSqlSettings: settings,
  },
});
/** A stack with a replication instance, both endpoints and a task; `caPem` is the certificate that they trust. */
export const dmsTemplate = (caPem: string) => ({
  Resources: {
    VpcRole: vpcRole('dms-vpc-role'),
    Subnets: {
      Type: 'AWS::DMS::ReplicationSubnetGroup',
      DependsOn: 'VpcRole',
      Properties: { ReplicationSubnetGroupDescription: 'private', SubnetIds: ['subnet-1', 'subnet-2'] },
    },
    Instance: {
      Type: 'AWS::DMS::ReplicationInstance',
      Properties: {
        ReplicationInstanceClass: 'dms.t3.medium',
        ReplicationSubnetGroupIdentifier: { Ref: 'Subnets' },
        PubliclyAccessible: false,
        AutoMinorVersionUpgrade: false,
      },
    },
    Certificate: { Type: 'AWS::DMS::Certificate', Properties: { CertificatePem: caPem } },
    Source: endpoint('source'),
    Target: endpoint('target'),
    Task: {
      Type: 'AWS::DMS::ReplicationTask',
      Properties: {
        MigrationType: 'cdc',
        ReplicationInstanceArn: { Ref: 'Instance' },
        SourceEndpointArn: { Ref: 'Source' },
        TargetEndpointArn: { Ref: 'Target' },
        TableMappings: EVERYTHING,
      },
    },
  },
  Outputs: { Instance: { Value: { Ref: 'Instance' } }, Task: { Value: { Ref: 'Task' } } },
});
