/**
 * The verifier that PostgreSQL stores for a SCRAM-SHA-256 password. Computed here, so that the password itself is in no
 * statement and so in no statement log (facts K8). RFC 5802, and the manual, "pg_authid".
 */
import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto';
import { Blocked } from '../errors';

const ITERATIONS = 4096;
const KEY_BYTES = 32;
const SALT_BYTES = 16;

/**
 * `SCRAM-SHA-256$<iterations>:<salt>$<stored key>:<server key>`. Throws `Blocked` for an empty password and for one outside
 * printable ASCII: only there is SASLprep the identity, so that every client computes the same.
 */
export function scramVerifier(password: string, salt: Buffer = randomBytes(SALT_BYTES)): string {
  if (!/^[\x20-\x7e]+$/.test(password)) {
    throw new Blocked('the password of the replication role is empty or not printable ascii, generate another one');
  }
  const salted = pbkdf2Sync(password, salt, ITERATIONS, KEY_BYTES, 'sha256');
  const storedKey = createHash('sha256').update(hmac(salted, 'Client Key')).digest('base64');
  const serverKey = hmac(salted, 'Server Key').toString('base64');
  return `SCRAM-SHA-256$${ITERATIONS}:${salt.toString('base64')}$${storedKey}:${serverKey}`;
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}
