/**
 * Passwords of roles on an empty target. PostgreSQL on RDS shows nobody a password, so a role keeps one only when the customer
 * names the secret that has it; every other gets a new one, which is stored before any role has it.
 */
import { randomBytes } from 'node:crypto';
import { PutSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { CopySettings } from '../contract/settings';
import { Blocked } from '../errors';
import { readCurrent } from './application-secret';
import { CLIENT_LIMITS, callAws } from './aws-call';

const client = new SecretsManagerClient(CLIENT_LIMITS);

/** Secrets Manager holds no longer text (its quota for a secret value). */
const LONGEST_SECRET_BYTES = 65_536;

/** Random bytes of a new password. */
const PASSWORD_BYTES = 30;

/** The password of every role asked for, and which of them are new. */
export interface RolePasswords {
  readonly of: ReadonlyMap<string, string>;
  readonly generated: readonly string[];
}

/**
 * Finds or makes the passwords of `roles`; asked again it answers the same ones. One call at a time: the caller holds a lock.
 * Throws `Blocked` naming the secret that holds no password.
 */
export async function rolePasswords(roles: readonly string[], settings: CopySettings): Promise<RolePasswords> {
  const kept = new Map<string, string>();
  const others: string[] = [];
  for (const role of roles) {
    const secretArn = Object.hasOwn(settings.passwords, role) ? settings.passwords[role] : undefined;
    if (secretArn === undefined) others.push(role);
    else kept.set(role, await keptPassword(secretArn, role));
  }
  const made = others.length > 0 ? await storedPasswords(others, settings.rolePasswordsArn) : new Map();
  return { of: new Map([...kept, ...made]), generated: others };
}

async function keptPassword(secretArn: string, role: string): Promise<string> {
  const { password } = fieldsOf((await readCurrent(secretArn)).text, secretArn);
  if (typeof password === 'string' && password !== '') return password;
  throw new Blocked(
    `secret ${secretArn} of role ${JSON.stringify(role)} holds no field password, store it as a string`,
  );
}

async function storedPasswords(roles: readonly string[], secretArn: string): Promise<Map<string, string>> {
  const stored = fieldsOf((await readCurrent(secretArn)).text, secretArn);
  const missing = roles.filter((role) => typeof stored[role] !== 'string');
  const added = missing.map((role) => [role, randomBytes(PASSWORD_BYTES).toString('base64url')] as const);
  const all: Readonly<Record<string, unknown>> = { ...stored, ...Object.fromEntries(added) };
  if (added.length > 0) await store(secretArn, JSON.stringify(all));
  return new Map(roles.map((role) => [role, String(all[role])]));
}

async function store(secretArn: string, text: string): Promise<void> {
  const bytes = Buffer.byteLength(text);
  if (bytes > LONGEST_SECRET_BYTES) {
    throw new Blocked(
      `the new passwords of all roles take ${bytes} bytes, secret ${secretArn} holds ${LONGEST_SECRET_BYTES}: name secrets ` +
        'for roles in copy.passwords, or drop roles that nobody uses',
    );
  }
  await callAws({ action: 'secretsmanager:PutSecretValue', resource: secretArn }, () =>
    client.send(new PutSecretValueCommand({ SecretId: secretArn, SecretString: text })),
  );
}

function fieldsOf(text: string, secretArn: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch {
    // What the parser complains about would quote the secret.
  }
  throw new Blocked(`secret ${secretArn} holds no JSON object, store one`);
}
