/** Credentials from Secrets Manager; they never leave the process that reads them. */
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { Blocked } from '../errors';
import type { Credentials } from './postgres';

const client = new SecretsManagerClient({});

/** Reads `{username, password}` from the current version of a secret; throws `Blocked` naming the secret when it has none. */
export async function readCredentials(secretArn: string): Promise<Credentials> {
  const answer = await client.send(new GetSecretValueCommand({ SecretId: secretArn }));
  const parsed = parse(answer.SecretString);
  if (typeof parsed.username === 'string' && typeof parsed.password === 'string') {
    return { username: parsed.username, password: parsed.password };
  }
  throw new Blocked(`secret ${secretArn} holds no JSON object with username and password, store both as strings`);
}

function parse(text: string | undefined): { username?: unknown; password?: unknown } {
  try {
    const value: unknown = JSON.parse(text ?? '{}');
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    // What the parser complains about would quote the secret.
    return {};
  }
}
