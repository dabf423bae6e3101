/** What outlives a run: the key, the evidence, the network, the settings of the database and who is told. */
import { ArnFormat, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import { Rule, RuleTargetInput } from 'aws-cdk-lib/aws-events';
import { SnsTopic } from 'aws-cdk-lib/aws-events-targets';
import { ManagedPolicy, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { CfnDBParameterGroup, CfnDBSubnetGroup } from 'aws-cdk-lib/aws-rds';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import { CfnSecret, Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { type IQueue, Queue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { acknowledge, acknowledgeRule } from './acknowledge';
import type { SealiftConfig } from './config';
import { setFeatureFlags } from './feature-flags';
import { databaseParameters, majorVersion, parameterFamily } from './foundation/database-settings';
import { encryptionKey } from './foundation/encryption-key';
import { evidenceBucket } from './foundation/evidence-bucket';
import { Network } from './foundation/network';
import { rolePasswords } from './foundation/role-passwords';
import { targetStackRole } from './foundation/target-stack-role';
import { undeliveredQueue } from './foundation/undelivered-queue';
import { withRunbook } from './operations/runbook';
import { targetInstanceId } from './resource-names';

/** Log types of the target that go to CloudWatch (security 31). */
export const EXPORTED_LOGS = ['postgresql', 'upgrade'] as const;

/** What the foundation is made from. */
export interface FoundationStackProps extends StackProps {
  readonly config: SealiftConfig;
}

/** Holds what the other stacks stand on; everything that keeps data is retained. */
export class FoundationStack extends Stack {
  readonly key: IKey;
  readonly evidence: Bucket;
  /** ARN of the evidence bucket as other stacks import it; its export has a name that policies and findings can state. */
  readonly importedEvidenceArn: string;
  readonly topic: Topic;
  /** Holds what EventBridge could not deliver to the topic. */
  readonly undelivered: IQueue;
  readonly network: Network;
  readonly subnetGroup: CfnDBSubnetGroup;
  readonly parameterGroup: CfnDBParameterGroup;
  /** Name of that group, in letters: the group exists before the instance does. */
  readonly parameterGroupName: string;
  /** Credentials of the role that the subscription connects as. */
  readonly replicationSecret: Secret;
  /** New passwords of roles on an empty target; null on the snapshot road, which carries them. */
  readonly rolePasswords: Secret | null;
  /** Role of RDS enhanced monitoring. */
  readonly monitoringRole: Role;
  /** Role with which CloudFormation changes the `Target` stack during a run. */
  readonly targetStackRole: Role;

  constructor(scope: Construct, id: string, props: FoundationStackProps) {
    super(scope, id, { ...props, terminationProtection: props.terminationProtection ?? true });
    setFeatureFlags(this);
    const { config } = props;
    this.key = encryptionKey(this, config);
    this.evidence = evidenceBucket(this, this.key, config.evidence.objectLockDays);
    this.importedEvidenceArn = this.exportValue(this.evidence.bucketArn, { name: `${this.stackName}-EvidenceArn` });
    this.topic = this.makeTopic(config);
    this.undelivered = undeliveredQueue(this, config.migration, this.key);
    this.network = new Network(this, 'Network', config);
    this.subnetGroup = new CfnDBSubnetGroup(this, 'SubnetGroup', {
      dbSubnetGroupName: targetInstanceId(config.migration),
      dbSubnetGroupDescription: `Sealift ${config.migration}: private subnets of the target`,
      subnetIds: config.network.subnetIds,
    });
    // A group cannot change its family: the major is part of the name, so that another major makes another group.
    this.parameterGroupName = `${targetInstanceId(config.migration)}-${majorVersion(config)}`;
    this.parameterGroup = new CfnDBParameterGroup(this, 'ParameterGroup', {
      dbParameterGroupName: this.parameterGroupName,
      family: parameterFamily(config),
      description: `Sealift ${config.migration}: TLS forced, logical replication, no passwords in logs`,
      parameters: databaseParameters(config),
    });
    this.replicationSecret = this.makeReplicationSecret(config);
    this.rolePasswords = config.road === 'copy' ? rolePasswords(this, this.key, config) : null;
    this.monitoringRole = this.makeMonitoringRole(config);
    this.targetStackRole = targetStackRole(this, {
      config,
      keyArn: this.key.keyArn,
      monitoringRoleArn: this.monitoringRole.roleArn,
      subnetGroupName: targetInstanceId(config.migration),
      parameterGroupName: this.parameterGroupName,
    });
    this.makeDatabaseLogGroups(config);
    this.watchKey(config);
  }

  private makeTopic(config: SealiftConfig): Topic {
    const topic = new Topic(this, 'Topic', {
      masterKey: this.key,
      enforceSSL: true,
      displayName: `Sealift ${config.migration}`,
    });
    topic.addToResourcePolicy(
      new PolicyStatement({
        sid: 'PublishFromThisAccount',
        principals: [new ServicePrincipal('events.amazonaws.com'), new ServicePrincipal('cloudwatch.amazonaws.com')],
        actions: ['sns:Publish'],
        resources: [topic.topicArn],
        conditions: { StringEquals: { 'aws:SourceAccount': this.account } },
      }),
    );
    for (const email of config.notifications.emails) topic.addSubscription(new EmailSubscription(email));
    return topic;
  }

  private makeReplicationSecret(config: SealiftConfig): Secret {
    const secret = new Secret(this, 'ReplicationSecret', {
      description: `Sealift ${config.migration}: the role that the target's subscription connects as`,
      encryptionKey: this.key,
      generateSecretString: {
        secretStringTemplate: JSON.stringify({
          username: `sealift_${config.migration.replaceAll('-', '_')}_replication`,
        }),
        generateStringKey: 'password',
        passwordLength: 40,
        // It stands in a connection string: letters and digits need no quoting anywhere.
        excludePunctuation: true,
      },
      removalPolicy: RemovalPolicy.RETAIN,
    });
    if (secret.node.defaultChild instanceof CfnSecret) secret.node.defaultChild.overrideLogicalId('ReplicationSecret');
    const unrotated =
      'the role lives for one migration; settle drops it, and a rotation in between would break the subscription';
    acknowledge(secret, 'AwsSolutions-SMG4', unrotated);
    acknowledgeRule(secret, ['HIPAA.Security', 'NIST.800.53.R5'], 'SecretsManagerRotationEnabled', unrotated);
    return secret;
  }

  private makeMonitoringRole(config: SealiftConfig): Role {
    const role = new Role(this, 'MonitoringRole', {
      assumedBy: new ServicePrincipal('monitoring.rds.amazonaws.com', {
        conditions: {
          StringEquals: { 'aws:SourceAccount': this.account },
          ArnEquals: {
            'aws:SourceArn': this.formatArn({
              service: 'rds',
              resource: 'db',
              resourceName: targetInstanceId(config.migration),
              arnFormat: ArnFormat.COLON_RESOURCE_NAME,
            }),
          },
        },
      }),
      managedPolicies: [ManagedPolicy.fromAwsManagedPolicyName('service-role/AmazonRDSEnhancedMonitoringRole')],
    });
    acknowledge(
      role,
      'AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AmazonRDSEnhancedMonitoringRole]',
      'RDS documents this policy for enhanced monitoring; it writes the log group RDSOSMetrics and nothing else',
    );
    return role;
  }

  /** RDS would make these groups without key and retention when it first exports. */
  private makeDatabaseLogGroups(config: SealiftConfig): void {
    for (const type of EXPORTED_LOGS) {
      new LogGroup(this, `DatabaseLog-${type}`, {
        logGroupName: `/aws/rds/instance/${targetInstanceId(config.migration)}/${type}`,
        encryptionKey: this.key,
        retention: RetentionDays.ONE_YEAR,
        removalPolicy: RemovalPolicy.RETAIN,
      });
    }
  }

  /** A disabled key makes the database unreachable, after seven days for good (facts E12; security 22). */
  private watchKey(config: SealiftConfig): void {
    const rule = new Rule(this, 'KeyEndangered', {
      description: `Sealift ${config.migration}: the key is disabled or to be deleted`,
      eventPattern: {
        source: ['aws.kms'],
        detailType: ['AWS API Call via CloudTrail'],
        detail: {
          eventSource: ['kms.amazonaws.com'],
          eventName: ['DisableKey', 'ScheduleKeyDeletion'],
          resources: { ARN: [this.key.keyArn] },
        },
      },
    });
    acknowledge(rule, 'Annotation::@aws-cdk/aws-events:ruleUnresolvedEnvironment', 'rule and topic share this stack');
    rule.addTarget(
      new SnsTopic(Topic.fromTopicArn(this, 'TopicOfRules', this.topic.topicArn), {
        deadLetterQueue: Queue.fromQueueArn(this, 'QueueOfRules', this.undelivered.queueArn),
        message: RuleTargetInput.fromText(
          withRunbook(
            `Sealift ${config.migration}: somebody disabled the key or scheduled its deletion. The database becomes ` +
              'unreachable, after seven days for good.',
            'keyendangered',
          ),
        ),
      }),
    );
  }
}
