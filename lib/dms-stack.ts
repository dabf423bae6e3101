/**
 * What AWS DMS needs before a run: the replication instance with its network, the role and the secrets by which it logs in, and the
 * certificates that it trusts. Endpoints and tasks are made and removed by steps, because which databases there are, and
 * where the target is, is known only then (decision 26).
 */
import { CrossStackReferences, ReferenceStrength, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import { CfnCertificate, CfnReplicationInstance, CfnReplicationSubnetGroup } from 'aws-cdk-lib/aws-dms';
import { CfnSecurityGroupIngress, type IPeer, Peer, Port, SecurityGroup } from 'aws-cdk-lib/aws-ec2';
import { type IRole, ManagedPolicy, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { CfnSecret, Secret } from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import { acknowledge, acknowledgeRule } from './acknowledge';
import type { SealiftConfig } from './config';
import type { DmsConfig } from './config/dms-schema';
import { rdsAuthorities } from './dms/rds-authorities';
import { setFeatureFlags } from './feature-flags';
import type { FoundationStack } from './foundation-stack';
import { through } from './grant';
import { ManagedRole } from './managed-role';
import { dmsLogin, replicationInstanceId } from './resource-names';

/** What DMS is set up from. */
export interface DmsStackProps extends StackProps {
  readonly config: SealiftConfig;
  readonly dms: DmsConfig;
  readonly foundation: FoundationStack;
  /** Region of the servers, whose authorities of RDS DMS trusts; it must be known at synthesis. */
  readonly region: string;
}

/** A service role that DMS looks for by its name in the account, with the policy that AWS documents for it. */
const ACCOUNT_ROLES = [
  ['dms-vpc-role', 'service-role/AmazonDMSVPCManagementRole'],
  ['dms-cloudwatch-logs-role', 'service-role/AmazonDMSCloudWatchLogsRole'],
] as const;

/** Holds the replication instance; deleting it deletes no data. */
export class DmsStack extends Stack {
  readonly instance: CfnReplicationInstance;
  /** What DMS trusts in `verify-full`. */
  readonly certificate: CfnCertificate;
  /** The login of DMS on the source; the step that makes the endpoints adds `host` and `port`, which DMS wants there. */
  readonly sourceSecret: Secret;
  /** The same on the target. */
  readonly targetSecret: Secret;
  /** The role by which DMS reads both. */
  readonly secretsRole: IRole;

  constructor(scope: Construct, id: string, props: DmsStackProps) {
    super(scope, id, { ...props, terminationProtection: props.terminationProtection ?? true });
    setFeatureFlags(this);
    // The foundation holds the key: CloudFormation refuses to delete it while this stack stands.
    CrossStackReferences.of(this).consume(ReferenceStrength.STRONG);
    this.addStackDependency(props.foundation);
    const { config, foundation } = props;
    this.sourceSecret = this.makeSecret('SourceLogin', 'source', props);
    this.targetSecret = this.makeSecret('TargetLogin', 'target', props);
    this.secretsRole = this.makeSecretsRole(foundation);
    const authorities = [...rdsAuthorities(props.region), config.source.trustedCaPem ?? ''];
    this.certificate = new CfnCertificate(this, 'Authorities', {
      certificatePem: authorities.filter((pem) => pem !== '').join('\n'),
    });
    this.instance = this.makeInstance(props, this.makeSecurityGroup(props));
  }

  private makeInstance(props: DmsStackProps, securityGroup: SecurityGroup): CfnReplicationInstance {
    const { config, dms, foundation } = props;
    const name = replicationInstanceId(config.migration);
    const subnetGroup = new CfnReplicationSubnetGroup(this, 'SubnetGroup', {
      replicationSubnetGroupIdentifier: name,
      replicationSubnetGroupDescription: `Sealift ${config.migration}: private subnets of the replication instance`,
      subnetIds: config.network.subnetIds,
    });
    const instance = new CfnReplicationInstance(this, 'Instance', {
      replicationInstanceIdentifier: name,
      replicationInstanceClass: dms.instanceClass,
      allocatedStorage: dms.allocatedStorageGib,
      engineVersion: dms.engineVersion,
      multiAz: dms.multiAz,
      kmsKeyId: foundation.key.keyArn,
      replicationSubnetGroupIdentifier: subnetGroup.ref,
      vpcSecurityGroupIds: [securityGroup.securityGroupId],
      publiclyAccessible: false,
      // A task would be stopped by an upgrade while the applications write.
      autoMinorVersionUpgrade: false,
      allowMajorVersionUpgrade: false,
    });
    if (dms.accountRoles === 'create') {
      for (const role of this.makeAccountRoles())
        for (const one of [subnetGroup, instance]) one.node.addDependency(role);
    }
    return instance;
  }

  /** One of each stands in an account, under names that DMS prescribes (facts D3); tasks of others may use them one day. */
  private makeAccountRoles(): Role[] {
    return ACCOUNT_ROLES.map(([roleName, policy]) => {
      const role = new Role(this, roleName, {
        roleName,
        assumedBy: new ServicePrincipal('dms.amazonaws.com', {
          conditions: { StringEquals: { 'aws:SourceAccount': this.account } },
        }),
        managedPolicies: [ManagedPolicy.fromAwsManagedPolicyName(policy)],
      });
      role.applyRemovalPolicy(RemovalPolicy.RETAIN);
      acknowledge(
        role,
        `AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/${policy}]`,
        'DMS documents this policy for the role, which belongs to the account and not to this migration',
      );
      return role;
    });
  }

  private makeSecurityGroup({ config, foundation }: DmsStackProps): SecurityGroup {
    const { vpc, database } = foundation.network;
    const group = new SecurityGroup(this, 'SecurityGroup', {
      vpc,
      description: `Sealift ${config.migration}: the replication instance`,
      allowAllOutbound: false,
      disableInlineRules: true,
    });
    const { source, target } = config;
    const targetPort = target.port ?? source.port;
    group.addEgressRule(this.sourcePeer(config), Port.tcp(source.port), 'to the source');
    group.addEgressRule(Peer.securityGroupId(database.securityGroupId), Port.tcp(targetPort), 'to the target');
    // VPC endpoints have no address at synth: HTTPS to any address.
    group.addEgressRule(Peer.anyIpv4(), Port.tcp(443), 'to the APIs of AWS');
    this.open('InstanceToTarget', group, database.securityGroupId, targetPort, config);
    if (source.kind === 'rds') this.open('InstanceToSource', group, source.securityGroupId, source.port, config);
    return group;
  }

  private sourcePeer({ source }: SealiftConfig): IPeer {
    return source.kind === 'server' ? Peer.ipv4(`${source.address}/32`) : Peer.securityGroupId(source.securityGroupId);
  }

  private open(id: string, from: SecurityGroup, groupId: string, port: number, { migration }: SealiftConfig): void {
    new CfnSecurityGroupIngress(this, id, {
      groupId,
      sourceSecurityGroupId: from.securityGroupId,
      ipProtocol: 'tcp',
      fromPort: port,
      toPort: port,
      description: `Sealift ${migration}: the replication instance, removed with its stack`,
    });
  }

  private makeSecret(id: string, side: 'source' | 'target', { config, foundation }: DmsStackProps): Secret {
    const secret = new Secret(this, id, {
      description: `Sealift ${config.migration}: the login of DMS on the ${side}, while a migration runs`,
      encryptionKey: foundation.key,
      generateSecretString: {
        secretStringTemplate: JSON.stringify({ username: dmsLogin(config.migration) }),
        generateStringKey: 'password',
        passwordLength: 40,
        // DMS demands that some punctuation is escaped; letters and digits need nothing.
        excludePunctuation: true,
      },
      removalPolicy: RemovalPolicy.DESTROY,
    });
    if (secret.node.defaultChild instanceof CfnSecret) secret.node.defaultChild.overrideLogicalId(id);
    const unrotated = 'the login lives for one migration; a rotation in between would stop the task';
    acknowledge(secret, 'AwsSolutions-SMG4', unrotated);
    acknowledgeRule(secret, ['HIPAA.Security', 'NIST.800.53.R5'], 'SecretsManagerRotationEnabled', unrotated);
    return secret;
  }

  /** DMS reads secrets by the regional name of its service (user guide, "Using secrets to access AWS DMS endpoints"). */
  private makeSecretsRole({ key }: FoundationStack): IRole {
    const role = new ManagedRole(this, 'SecretsRole', {
      description: 'read by DMS: its two logins',
      assumedBy: new ServicePrincipal(`dms.${this.region}.amazonaws.com`, {
        conditions: { StringEquals: { 'aws:SourceAccount': this.account } },
      }),
    });
    const secrets = [this.sourceSecret.secretArn, this.targetSecret.secretArn];
    role.addToPrincipalPolicy(
      new PolicyStatement({
        actions: ['secretsmanager:GetSecretValue', 'secretsmanager:DescribeSecret'],
        resources: secrets,
      }),
    );
    role.addToPrincipalPolicy(
      new PolicyStatement({
        actions: ['kms:Decrypt', 'kms:DescribeKey'],
        resources: [key.keyArn],
        conditions: through(this, 'secretsmanager'),
      }),
    );
    return role;
  }
}
