/** A throw-away certificate authority: it stands where Amazon's RDS CA stands, so that every connection can verify in full. */
import 'reflect-metadata';
import { randomBytes, webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';

/** A server certificate with its private key, both PEM. */
export interface IssuedCertificate {
  readonly certPem: string;
  readonly keyPem: string;
}

/** What a server needs for TLS: its certificate, its key, and the CA that clients trust. */
export interface ServerCertificate extends IssuedCertificate {
  readonly caPem: string;
}

/** A certificate authority that lives as long as the rehearsal; its key never leaves memory. */
export interface CertificateAuthority {
  /** The CA's certificate, PEM. */
  readonly caPem: string;
  /** Issues a server certificate for the DNS names given, and always for 127.0.0.1. */
  issue(hostNames: readonly string[]): Promise<ServerCertificate>;
}

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const DAY_MS = 24 * 60 * 60 * 1000;
const LIFETIME_DAYS = 30;

/** Makes a new authority; EC P-256, valid from yesterday for thirty days so that clocks may differ a little. */
export async function createCertificateAuthority(): Promise<CertificateAuthority> {
  x509.cryptoProvider.set(webcrypto);
  const keys = await generateKeys();
  const name = `CN=Sealift rehearsal CA ${randomBytes(4).toString('hex')}`;
  const authority = await x509.X509CertificateGenerator.createSelfSigned({
    ...commonFields(),
    name,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  const caPem = `${authority.toString('pem')}\n`;
  return {
    caPem,
    issue: async (hostNames) => ({ ...(await issue(authority, keys.privateKey, hostNames)), caPem }),
  };
}

async function issue(
  authority: x509.X509Certificate,
  signingKey: webcrypto.CryptoKey,
  hostNames: readonly string[],
): Promise<IssuedCertificate> {
  const keys = await generateKeys();
  const certificate = await x509.X509CertificateGenerator.create({
    ...commonFields(),
    // The names are in the SAN; a common name holds 64 characters at most and RDS host names may be longer.
    subject: 'CN=Sealift rehearsal server',
    issuer: authority.subject,
    publicKey: keys.publicKey,
    signingKey,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension([
        ...hostNames.map((value) => ({ type: 'dns' as const, value })),
        { type: 'ip' as const, value: '127.0.0.1' },
      ]),
      await x509.AuthorityKeyIdentifierExtension.create(authority),
    ],
  });
  const pkcs8 = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey);
  return {
    certPem: `${certificate.toString('pem')}\n`,
    keyPem: `${x509.PemConverter.encode(pkcs8, x509.PemConverter.PrivateKeyTag)}\n`,
  };
}

async function generateKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
}

function commonFields() {
  const notBefore = new Date(Date.now() - DAY_MS);
  return {
    // A leading 0x40 keeps the serial positive and without a leading zero byte.
    serialNumber: `40${randomBytes(8).toString('hex')}`,
    notBefore,
    notAfter: new Date(notBefore.getTime() + LIFETIME_DAYS * DAY_MS),
    signingAlgorithm: ALGORITHM,
  };
}
