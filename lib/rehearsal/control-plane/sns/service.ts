import {
  AuthorizationErrorException$,
  InvalidParameterException$,
  NotFoundException$,
  Publish$,
  type PublishCommandInput,
  type PublishCommandOutput,
} from '@aws-sdk/client-sns';
import { AwsFault } from '../fault';
import type { Keys } from '../kms/keys';
import { byName, operation, type Service } from '../operation';
import { resourceTagContext } from '../place';
import type { Topics } from './topics';

/**
 * SNS as far as the migration asks: publish. Nothing is delivered; the messages are kept for the report.
 *
 * @param topics the account's topics
 * @param keys an encrypted topic demands the use of its key from the publisher
 */
export function snsService(topics: Topics, keys: Keys): Service {
  const publish = operation<PublishCommandInput, PublishCommandOutput>({
    schema: Publish$,
    parameters: ['TopicArn', 'Message', 'Subject'],
    access: ({ TopicArn = '' }) => {
      const topic = topics.find(TopicArn);
      const own = {
        action: 'sns:Publish',
        resource: TopicArn,
        context: resourceTagContext(topic?.tags),
        resourcePolicy: topic?.policy ?? null,
      };
      if (!topic?.kmsKeyId) return [own];
      return [
        own,
        keys.accessThrough('sns', 'kms:GenerateDataKey', topic.kmsKeyId),
        keys.accessThrough('sns', 'kms:Decrypt', topic.kmsKeyId),
      ];
    },
    run: ({ TopicArn = '', Message, Subject }) => {
      if (!Message) throw new AwsFault('InvalidParameterException', 'Invalid parameter: Empty message');
      return { MessageId: topics.publish(TopicArn, Message, Subject ?? null) };
    },
  });

  return {
    signingName: 'sns',
    protocol: 'query',
    xmlNamespace: 'http://sns.amazonaws.com/doc/2010-03-31/',
    errors: [NotFoundException$, InvalidParameterException$, AuthorizationErrorException$],
    operations: byName([publish]),
    deniedCode: 'AuthorizationErrorException',
  };
}
