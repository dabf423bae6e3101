/** Where EventBridge puts what it could not deliver to the topic or to the reaper, so that a page is late and not lost. */
import { Duration, Stack } from 'aws-cdk-lib';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { acknowledge, acknowledgeRule } from '../acknowledge';
import { undeliveredQueueName } from '../resource-names';

/** Makes the queue; messages stay for fourteen days, the longest that SQS knows. */
export function undeliveredQueue(scope: Construct, migration: string, encryptionMasterKey: IKey): Queue {
  const queue = new Queue(scope, 'Undelivered', {
    queueName: undeliveredQueueName(migration),
    encryption: QueueEncryption.KMS,
    encryptionMasterKey,
    enforceSSL: true,
    retentionPeriod: Duration.days(14),
  });
  queue.addToResourcePolicy(
    new PolicyStatement({
      sid: 'SendFromRules',
      principals: [new ServicePrincipal('events.amazonaws.com')],
      actions: ['sqs:SendMessage'],
      resources: [queue.queueArn],
      conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(scope).account } },
    }),
  );
  const last = 'it is itself the dead-letter queue, of the rules that tell people and start the reaper';
  acknowledge(queue, 'AwsSolutions-SQS3', last);
  acknowledgeRule(queue, ['Serverless'], 'SQSRedrivePolicy', last);
  return queue;
}
