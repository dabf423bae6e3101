/** KMS: what a key is. */
import { DescribeKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import type { Inspection } from '../contract/assessment';
import { CLIENT_LIMITS, callAws } from './aws-call';

const client = new KMSClient(CLIENT_LIMITS);

/** Describes a key; null when there is none. */
export async function findKey(keyArn: string): Promise<Inspection['key'] | null> {
  return callAws<Inspection['key'] | null>(
    { action: 'kms:DescribeKey', resource: keyArn },
    async () => {
      const { KeyMetadata: key } = await client.send(new DescribeKeyCommand({ KeyId: keyArn }));
      if (key === undefined) return null;
      return {
        arn: key.Arn ?? keyArn,
        state: key.KeyState ?? '',
        usage: key.KeyUsage ?? '',
        managedByCustomer: key.KeyManager === 'CUSTOMER',
      };
    },
    { NotFoundException: () => null },
  );
}
