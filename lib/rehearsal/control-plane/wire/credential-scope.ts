/** What the `Authorization` header says of a call: who signed it, for which service. */
export interface CredentialScope {
  readonly accessKeyId: string;
  readonly region: string;
  /** Signing name of the service, such as `rds` or `secretsmanager`. */
  readonly service: string;
}

const SCOPE = /^AWS4-HMAC-SHA256 Credential=([^/,\s]+)\/\d{8}\/([^/]+)\/([^/]+)\/aws4_request/;

/**
 * Reads the SigV4 credential scope. The signature is not checked: the server listens on the loopback only and holds no
 * secret keys.
 *
 * @param authorization value of the `Authorization` header
 * @returns null when the header is no SigV4 signature
 */
export function readCredentialScope(authorization: string | undefined): CredentialScope | null {
  const [, accessKeyId, region, service] = SCOPE.exec(authorization ?? '') ?? [];
  return accessKeyId && region && service ? { accessKeyId, region, service } : null;
}
