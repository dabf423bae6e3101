import type { ResourceProvider } from '../provider';
import { arnOf, type RecordedType, recordedProvider, requiredText } from './recorded-provider';

const IMPLICIT_ID = { attributes: (id: string) => ({ Id: id }) };

/** Types without any effect on a migration: read them back with `describeStackResources`. */
const RECORDED: readonly RecordedType[] = [
  { type: 'AWS::CDK::Metadata' },
  {
    type: 'AWS::Logs::LogGroup',
    nameProperty: 'LogGroupName',
    attributes: (name, context) => ({ Arn: arnOf(context, 'logs', `log-group:${name}:*`) }),
  },
  {
    type: 'AWS::CloudWatch::Alarm',
    nameProperty: 'AlarmName',
    attributes: (name, context) => ({ Arn: arnOf(context, 'cloudwatch', `alarm:${name}`) }),
  },
  {
    type: 'AWS::CloudWatch::CompositeAlarm',
    nameProperty: 'AlarmName',
    attributes: (name, context) => ({ Arn: arnOf(context, 'cloudwatch', `alarm:${name}`) }),
  },
  { type: 'AWS::CloudWatch::Dashboard', nameProperty: 'DashboardName' },
  {
    type: 'AWS::Events::Rule',
    nameProperty: 'Name',
    replacementOn: ['EventBusName'],
    attributes: (name, context) => ({ Arn: arnOf(context, 'events', `rule/${name}`) }),
  },
  { type: 'AWS::SNS::TopicPolicy', ...IMPLICIT_ID },
  {
    type: 'AWS::SQS::Queue',
    nameProperty: 'QueueName',
    physicalId: (name, context) => `https://sqs.${context.region}.amazonaws.com/${context.account}/${name}`,
    attributes: (url, context) => {
      const name = url.slice(url.lastIndexOf('/') + 1);
      return { Arn: arnOf(context, 'sqs', name), QueueName: name, QueueUrl: url };
    },
  },
  { type: 'AWS::SQS::QueuePolicy', ...IMPLICIT_ID },
  {
    type: 'AWS::SNS::Subscription',
    replacementOn: ['Endpoint', 'Protocol', 'TopicArn'],
    physicalId: (name, context) => `${requiredText(context, 'TopicArn')}:${name}`,
    attributes: (arn) => ({ Arn: arn }),
  },
  {
    type: 'AWS::S3::BucketPolicy',
    replacementOn: ['Bucket'],
    physicalId: (_n, context) => requiredText(context, 'Bucket'),
  },
  {
    type: 'AWS::RDS::DBSubnetGroup',
    nameProperty: 'DBSubnetGroupName',
    physicalId: (name) => name.toLowerCase(),
  },
  {
    type: 'AWS::RDS::DBParameterGroup',
    nameProperty: 'DBParameterGroupName',
    replacementOn: ['Description', 'Family'],
    physicalId: (name) => name.toLowerCase(),
    attributes: (name) => ({ DBParameterGroupName: name }),
  },
  {
    type: 'AWS::SSM::Parameter',
    nameProperty: 'Name',
    attributes: (_name, context) => ({
      Type: requiredText(context, 'Type'),
      Value: requiredText(context, 'Value'),
    }),
  },
  { type: 'AWS::Lambda::Permission', replacementOn: ['*'], ...IMPLICIT_ID },
];

/**
 * Providers of the types that are recorded only: logs, alarms, dashboards, event rules, dead-letter queues, policies of topics, queues and buckets, RDS
 * groups, parameters, function permissions.
 */
export function recordedProviders(): ResourceProvider[] {
  return RECORDED.map(recordedProvider);
}
