import type { ProviderContext, ResourceProvider } from '../../cloudformation/provider';
import type { Topic, Topics } from '../sns/topics';
import { cloudFormationTags, Properties } from './properties';

/** Providers of `AWS::SNS::Topic`, `AWS::SNS::Subscription` and `AWS::SNS::TopicPolicy`. */
export function snsProviders(topics: Topics): ResourceProvider[] {
  return [topicProvider(topics), subscriptionProvider(topics), topicPolicyProvider(topics)];
}

function topicProvider(topics: Topics): ResourceProvider {
  return {
    type: 'AWS::SNS::Topic',
    nameProperty: 'TopicName',
    replacementOn: ['FifoTopic', 'TopicName'],
    create: async (context) => {
      const { name, ...options } = read(context);
      const topic = topics.create(name, options);
      context.assignPhysicalId(topic.arn);
      return provided(topic);
    },
    update: async (context) => {
      const topic = topics.get(context.physicalId);
      topic.kmsKeyId = read(context).kmsKeyId ?? null;
      return provided(topic);
    },
    delete: async ({ physicalId }) => topics.remove(physicalId),
  };
}

function read(context: ProviderContext) {
  const properties = new Properties(context);
  const kmsKeyId = properties.text('KmsMasterKeyId');
  const options = {
    name: properties.text('TopicName') ?? context.physicalNameHint,
    tags: properties.tags(cloudFormationTags(context)),
    ...(kmsKeyId === undefined ? {} : { kmsKeyId }),
  };
  properties.recordOnly('DisplayName', 'SignatureVersion', 'TracingConfig');
  properties.refuseOthers();
  return options;
}

function provided(topic: Topic) {
  return { physicalId: topic.arn, attributes: { TopicArn: topic.arn, TopicName: topic.name } };
}

function subscriptionProvider(topics: Topics): ResourceProvider {
  return {
    type: 'AWS::SNS::Subscription',
    replacementOn: ['Endpoint', 'Protocol', 'TopicArn'],
    create: async (context) => {
      const properties = new Properties(context);
      const arn = topics.subscribe(
        properties.requiredText('TopicArn'),
        properties.requiredText('Protocol'),
        properties.requiredText('Endpoint'),
      );
      properties.refuseOthers();
      return { physicalId: arn, attributes: { Arn: arn } };
    },
    update: async ({ physicalId }) => ({ physicalId, attributes: { Arn: physicalId } }),
    delete: async ({ physicalId }) => topics.unsubscribe(physicalId),
  };
}

function topicPolicyProvider(topics: Topics): ResourceProvider {
  const set = (context: ProviderContext, physicalId: string) => {
    const properties = new Properties(context);
    const policy = properties.object('PolicyDocument') ?? null;
    for (const arn of properties.texts('Topics') ?? []) topics.get(arn).policy = policy;
    properties.refuseOthers();
    return { physicalId, attributes: { Id: physicalId } };
  };
  return {
    type: 'AWS::SNS::TopicPolicy',
    replacementOn: ['Topics'],
    create: async (context) => set(context, context.physicalNameHint),
    update: async (context) => set(context, context.physicalId),
    delete: async (context) => {
      const properties = new Properties(context);
      for (const arn of properties.texts('Topics') ?? []) {
        const topic = topics.find(arn);
        if (topic) topic.policy = null;
      }
    },
  };
}
