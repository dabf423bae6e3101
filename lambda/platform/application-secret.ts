/** The applications' own secret in Secrets Manager: its value stays in this process, in no log, state or error. */
import {
  DescribeSecretCommand,
  GetSecretValueCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager';
import { Blocked } from '../errors';
import { CLIENT_LIMITS, callAws } from './aws-call';

const client = new SecretsManagerClient(CLIENT_LIMITS);

const CURRENT = 'AWSCURRENT';
const PENDING = 'AWSPENDING';

/** The current version of a secret. */
export interface CurrentVersion {
  readonly versionId: string;
  /** Never to be shown. */
  readonly text: string;
}

/** Reads the current version; throws `Blocked` when there is no such secret, no text in it, or it is on its way out. */
export async function readCurrent(secretArn: string): Promise<CurrentVersion> {
  const answer = await callAws(
    { action: 'secretsmanager:GetSecretValue', resource: secretArn },
    () => client.send(new GetSecretValueCommand({ SecretId: secretArn, VersionStage: CURRENT })),
    refusalsOf(secretArn),
  );
  if (answer.SecretString === undefined || answer.VersionId === undefined) {
    throw new Blocked(`secret ${secretArn} holds no text, store the JSON object that applications read`);
  }
  return { versionId: answer.VersionId, text: answer.SecretString };
}

/** The labelled versions of a secret. */
export interface LabelledVersions {
  readonly ids: readonly string[];
  /** The one that a rotation prepares; null when the label is nowhere. */
  readonly pending: string | null;
}

/** Lists the versions without reading their values. */
export async function readVersions(secretArn: string): Promise<LabelledVersions> {
  const answer = await callAws(
    { action: 'secretsmanager:DescribeSecret', resource: secretArn },
    () => client.send(new DescribeSecretCommand({ SecretId: secretArn })),
    refusalsOf(secretArn),
  );
  const versions = Object.entries(answer.VersionIdsToStages ?? {});
  const pending = versions.find(([, stages]) => stages.includes(PENDING))?.[0] ?? null;
  return { ids: versions.map(([id]) => id), pending };
}

/** Adds a version that nobody reads yet; the same id with the same text again changes nothing. */
export async function addPending(secretArn: string, versionId: string, text: string): Promise<void> {
  await callAws(
    { action: 'secretsmanager:PutSecretValue', resource: secretArn },
    () =>
      client.send(
        new PutSecretValueCommand({
          SecretId: secretArn,
          ClientRequestToken: versionId,
          SecretString: text,
          VersionStages: [PENDING],
        }),
      ),
    refusalsOf(secretArn),
  );
}

/** Makes a version the current one, if `from` still is; the former stays as `AWSPREVIOUS`. False when another one is current. */
export async function makeCurrent(secretArn: string, versionId: string, from: string): Promise<boolean> {
  return callAws<boolean>(
    { action: 'secretsmanager:UpdateSecretVersionStage', resource: secretArn },
    async () => {
      const request = {
        SecretId: secretArn,
        VersionStage: CURRENT,
        MoveToVersionId: versionId,
        RemoveFromVersionId: from,
      };
      await client.send(new UpdateSecretVersionStageCommand(request));
      return true;
    },
    { ...refusalsOf(secretArn), InvalidParameterException: () => false },
  );
}

function refusalsOf(secretArn: string): Record<string, (cause: Error) => never> {
  const block = (problem: string) => (cause: Error) => {
    throw new Blocked(`secret ${secretArn} ${problem}`, { cause });
  };
  return {
    ResourceNotFoundException: block('does not exist, configure the complete ARN of the secret that applications read'),
    InvalidRequestException: block('cannot be used, it may be marked for deletion: restore it'),
    DecryptionFailure: block('cannot be decrypted, look at its KMS key and configure it as switch.kmsKeyArn'),
    EncryptionFailure: block('cannot be encrypted, look at its KMS key and configure it as switch.kmsKeyArn'),
  };
}
