import { AwsFault } from '../fault';
import type { Keys } from '../kms/keys';
import type { VolumeEncryption } from './instance';

/**
 * Decides the encryption of a new volume or copy. The bytes stay as they are: encryption at rest cannot be rehearsed, so it
 * is recorded as metadata and every rule about it is enforced there (facts E10, E11).
 *
 * @param encrypted whether encryption is wanted
 * @param kmsKeyId key id, ARN or alias; null: `alias/aws/rds`
 * @throws AwsFault `KMSKeyNotAccessibleFault` for a key that is absent, disabled, pending deletion or of another region
 */
export function encryptionFor(keys: Keys, encrypted: boolean, kmsKeyId: string | null): VolumeEncryption {
  if (!encrypted && kmsKeyId === null) return { type: 'none', kmsKeyArn: null };
  if (!encrypted) {
    throw new AwsFault('InvalidParameterCombination', 'KmsKeyId can only be specified if StorageEncrypted is true');
  }
  const reference = kmsKeyId ?? 'alias/aws/rds';
  const key = keys.find(reference);
  if (key?.state === 'Enabled') return { type: 'sse-kms', kmsKeyArn: key.arn };
  const why = key ? `its state is ${key.state}` : 'it does not exist in this region and account';
  throw new AwsFault(
    'KMSKeyNotAccessibleFault',
    `The specified KMS key [${reference}] does not exist, is not enabled or you do not have permissions to access it: ${why}`,
  );
}
