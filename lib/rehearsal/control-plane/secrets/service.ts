import {
  DescribeSecret$,
  type DescribeSecretCommandInput,
  type DescribeSecretCommandOutput,
  GetSecretValue$,
  type GetSecretValueCommandInput,
  type GetSecretValueCommandOutput,
  InvalidParameterException$,
  InvalidRequestException$,
  PutSecretValue$,
  type PutSecretValueCommandInput,
  type PutSecretValueCommandOutput,
  ResourceExistsException$,
  ResourceNotFoundException$,
  UpdateSecretVersionStage$,
  type UpdateSecretVersionStageCommandInput,
  type UpdateSecretVersionStageCommandOutput,
} from '@aws-sdk/client-secrets-manager';
import { AwsFault } from '../fault';
import type { Keys } from '../kms/keys';
import { type Access, byName, operation, type Service } from '../operation';
import { type Place, resourceTagContext, tagList } from '../place';
import type { Secret, Secrets } from './secrets';

/**
 * Secrets Manager as far as the migration asks: read, describe, put a value, move a staging label.
 *
 * @param secrets the account's secrets
 * @param keys a secret under a customer key demands the key's use from the caller, as AWS does
 */
export function secretsService(secrets: Secrets, keys: Keys, place: Place): Service {
  const access = accessOf(secrets, keys, place);

  const getSecretValue = operation<GetSecretValueCommandInput, GetSecretValueCommandOutput>({
    schema: GetSecretValue$,
    parameters: ['SecretId', 'VersionStage', 'VersionId'],
    access: ({ SecretId = '', VersionStage }) =>
      access('secretsmanager:GetSecretValue', SecretId, 'kms:Decrypt', {
        'secretsmanager:VersionStage': VersionStage ?? 'AWSCURRENT',
      }),
    run: ({ SecretId = '', VersionStage, VersionId }) => {
      const secret = secrets.get(SecretId);
      const version = secrets.version(secret, {
        ...(VersionStage ? { stage: VersionStage } : {}),
        ...(VersionId ? { versionId: VersionId } : {}),
      });
      requireKey(keys, secret);
      return {
        ARN: secret.arn,
        Name: secret.name,
        VersionId: version.versionId,
        SecretString: version.value,
        VersionStages: [...version.stages],
        CreatedDate: new Date(version.createdAt),
      };
    },
  });

  const describeSecret = operation<DescribeSecretCommandInput, DescribeSecretCommandOutput>({
    schema: DescribeSecret$,
    parameters: ['SecretId'],
    access: ({ SecretId = '' }) => access('secretsmanager:DescribeSecret', SecretId, null),
    run: ({ SecretId = '' }) => describe(secrets.get(SecretId)),
  });

  const putSecretValue = operation<PutSecretValueCommandInput, PutSecretValueCommandOutput>({
    schema: PutSecretValue$,
    parameters: ['SecretId', 'ClientRequestToken', 'SecretString', 'VersionStages'],
    access: ({ SecretId = '' }) => access('secretsmanager:PutSecretValue', SecretId, 'kms:GenerateDataKey'),
    run: ({ SecretId = '', SecretString, ClientRequestToken, VersionStages }) => {
      const secret = secrets.get(SecretId);
      if (SecretString === undefined)
        throw new AwsFault('InvalidRequestException', 'You must provide either SecretString or SecretBinary.');
      if (secret.deletedAt !== null)
        throw new AwsFault('InvalidRequestException', 'The secret was marked for deletion.');
      if (ClientRequestToken !== undefined && !/^.{32,64}$/s.test(ClientRequestToken))
        throw new AwsFault('InvalidParameterException', 'ClientRequestToken must have 32 to 64 characters.');
      requireKey(keys, secret);
      const version = secrets.put(secret, SecretString, VersionStages ?? ['AWSCURRENT'], ClientRequestToken);
      return { ARN: secret.arn, Name: secret.name, VersionId: version.versionId, VersionStages: [...version.stages] };
    },
  });

  const updateSecretVersionStage = operation<
    UpdateSecretVersionStageCommandInput,
    UpdateSecretVersionStageCommandOutput
  >({
    schema: UpdateSecretVersionStage$,
    parameters: ['SecretId', 'VersionStage', 'MoveToVersionId', 'RemoveFromVersionId'],
    access: ({ SecretId = '', VersionStage = '' }) =>
      access('secretsmanager:UpdateSecretVersionStage', SecretId, null, {
        'secretsmanager:VersionStage': VersionStage,
      }),
    run: ({ SecretId = '', VersionStage = '', MoveToVersionId, RemoveFromVersionId }) => {
      const secret = secrets.get(SecretId);
      secrets.moveStage(secret, VersionStage, { to: MoveToVersionId ?? null, from: RemoveFromVersionId ?? null });
      return { ARN: secret.arn, Name: secret.name };
    },
  });

  return {
    signingName: 'secretsmanager',
    protocol: 'json-1.1',
    errors: [
      ResourceNotFoundException$,
      ResourceExistsException$,
      InvalidRequestException$,
      InvalidParameterException$,
    ],
    operations: byName([getSecretValue, describeSecret, putSecretValue, updateSecretVersionStage]),
    deniedCode: 'AccessDeniedException',
  };
}

/** Permissions on the secret, then on its customer key through Secrets Manager. */
function accessOf(secrets: Secrets, keys: Keys, place: Place) {
  return (
    action: string,
    reference: string,
    keyAction: string | null,
    context: Record<string, string> = {},
  ): Access[] => {
    const secret = secrets.find(reference);
    const named = reference.startsWith('arn:')
      ? reference
      : `arn:aws:secretsmanager:${place.region}:${place.account}:secret:${reference}-??????`;
    const own: Access = {
      action,
      resource: secret?.arn ?? named,
      context: {
        'secretsmanager:SecretId': secret?.arn ?? named,
        ...resourceTagContext(secret?.tags, ['secretsmanager:ResourceTag']),
        ...context,
      },
    };
    if (!secret?.kmsKeyId || keyAction === null) return [own];
    const encryption = { 'kms:EncryptionContext:SecretARN': secret.arn };
    return [own, keys.accessThrough('secretsmanager', keyAction, secret.kmsKeyId, encryption)];
  };
}

function requireKey(keys: Keys, secret: Secret): void {
  if (secret.kmsKeyId === null) return;
  if (keys.find(secret.kmsKeyId)?.state === 'Enabled') return;
  throw new AwsFault('AccessDeniedException', 'Access to KMS is not allowed: the key of the secret is not enabled');
}

function describe(secret: Secret): Omit<DescribeSecretCommandOutput, '$metadata'> {
  const versions = [...secret.versions.values()].filter(({ stages }) => stages.size > 0);
  return {
    ARN: secret.arn,
    Name: secret.name,
    Description: secret.description,
    ...(secret.kmsKeyId === null ? {} : { KmsKeyId: secret.kmsKeyId }),
    ...(secret.owningService === null ? {} : { OwningService: secret.owningService }),
    ...(secret.deletedAt === null ? {} : { DeletedDate: new Date(secret.deletedAt) }),
    CreatedDate: new Date(secret.createdAt),
    LastChangedDate: new Date(secret.changedAt),
    Tags: tagList(secret.tags),
    VersionIdsToStages: Object.fromEntries(versions.map(({ versionId, stages }) => [versionId, [...stages]])),
  };
}
