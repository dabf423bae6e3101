/** The secrets that DMS logs in with: their values are made here and stay in no state, log or error. */
import { randomBytes } from 'node:crypto';
import { PutSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { Endpoint } from '../contract/instance';
import { CLIENT_LIMITS, callAws } from './aws-call';
import type { Credentials } from './postgres';
import { readCredentials } from './secrets';

const client = new SecretsManagerClient(CLIENT_LIMITS);

/** Random bytes of a new password. */
const PASSWORD_BYTES = 30;

/** Keeps where DMS logs in and as whom, in the fields that it reads. */
export async function keepDmsSecret(secretArn: string, login: Credentials, { host, port }: Endpoint): Promise<void> {
  const value = { username: login.username, password: login.password, host, port };
  await callAws<unknown>({ action: 'secretsmanager:PutSecretValue', resource: secretArn }, () =>
    client.send(new PutSecretValueCommand({ SecretId: secretArn, SecretString: JSON.stringify(value) })),
  );
}

/** The password that a secret holds for `username`, or a new one: kept by the caller before any role has it. */
export async function passwordFor(secretArn: string, username: string): Promise<Credentials> {
  const known = await readCredentials(secretArn).catch(() => null);
  if (known?.username === username) return known;
  return { username, password: randomBytes(PASSWORD_BYTES).toString('base64url') };
}
