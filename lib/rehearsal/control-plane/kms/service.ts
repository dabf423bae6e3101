import {
  DescribeKey$,
  type DescribeKeyCommandInput,
  type DescribeKeyCommandOutput,
  GetKeyRotationStatus$,
  type GetKeyRotationStatusCommandInput,
  type GetKeyRotationStatusCommandOutput,
  KMSInvalidStateException$,
  NotFoundException$,
} from '@aws-sdk/client-kms';
import { AwsFault } from '../fault';
import { byName, operation, type Service } from '../operation';
import type { Place } from '../place';
import type { Key, Keys } from './keys';

/**
 * KMS as far as the migration asks: what a key is, and whether it rotates.
 *
 * @param keys the account's keys
 */
export function kmsService(keys: Keys, place: Place): Service {
  const describeKey = operation<DescribeKeyCommandInput, DescribeKeyCommandOutput>({
    schema: DescribeKey$,
    parameters: ['KeyId'],
    access: ({ KeyId = '' }) => [keys.access('kms:DescribeKey', KeyId, aliasContext(KeyId))],
    run: ({ KeyId = '' }) => ({ KeyMetadata: metadata(keys.get(KeyId), place) }),
  });

  const getKeyRotationStatus = operation<GetKeyRotationStatusCommandInput, GetKeyRotationStatusCommandOutput>({
    schema: GetKeyRotationStatus$,
    parameters: ['KeyId'],
    access: ({ KeyId = '' }) => [keys.access('kms:GetKeyRotationStatus', KeyId)],
    run: ({ KeyId = '' }) => {
      if (KeyId.includes('alias/')) throw new AwsFault('NotFoundException', `Invalid keyId ${KeyId}`);
      const key = keys.get(KeyId);
      if (key.state === 'PendingDeletion') {
        throw new AwsFault('KMSInvalidStateException', `${key.arn} is pending deletion.`);
      }
      return {
        KeyId: key.arn,
        KeyRotationEnabled: key.rotationEnabled,
        ...(key.rotationEnabled ? { RotationPeriodInDays: key.rotationPeriodDays } : {}),
      };
    },
  });

  return {
    signingName: 'kms',
    protocol: 'json-1.1',
    errors: [NotFoundException$, KMSInvalidStateException$],
    operations: byName([describeKey, getKeyRotationStatus]),
    deniedCode: 'AccessDeniedException',
  };
}

function aliasContext(reference: string): Record<string, string> {
  const at = reference.indexOf('alias/');
  return at < 0 ? {} : { 'kms:RequestAlias': reference.slice(at) };
}

function metadata(key: Key, place: Place): DescribeKeyCommandOutput['KeyMetadata'] {
  return {
    AWSAccountId: place.account,
    KeyId: key.keyId,
    Arn: key.arn,
    CreationDate: new Date(key.createdAt),
    Enabled: key.state === 'Enabled',
    Description: key.description,
    KeyUsage: 'ENCRYPT_DECRYPT',
    KeyState: key.state,
    ...(key.deletionAt === null ? {} : { DeletionDate: new Date(key.deletionAt) }),
    Origin: 'AWS_KMS',
    KeyManager: key.manager,
    CustomerMasterKeySpec: 'SYMMETRIC_DEFAULT',
    KeySpec: 'SYMMETRIC_DEFAULT',
    EncryptionAlgorithms: ['SYMMETRIC_DEFAULT'],
    MultiRegion: key.multiRegion,
  };
}
