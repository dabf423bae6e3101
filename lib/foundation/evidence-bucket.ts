/** The bucket for evidence: reports, counts, hashes and timings, kept when the stack goes (security 67). */
import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { BlockPublicAccess, Bucket, BucketEncryption, CfnBucket, ObjectOwnership } from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';

/** Days that superseded versions of evidence and access logs are kept. */
const KEPT_DAYS = 365;

/** Makes the evidence bucket and the bucket of its access logs. */
export function evidenceBucket(scope: Construct, encryptionKey: IKey): Bucket {
  const shared = {
    blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
    enforceSSL: true,
    minimumTLSVersion: 1.2,
    objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
    removalPolicy: RemovalPolicy.RETAIN,
    versioned: true,
  };
  const accessLogs = new Bucket(scope, 'EvidenceAccessLogs', {
    ...shared,
    // The log delivery service cannot write under a customer key without being named in its policy; the log holds no data.
    encryption: BucketEncryption.S3_MANAGED,
    lifecycleRules: [
      {
        expiration: Duration.days(KEPT_DAYS),
        noncurrentVersionExpiration: Duration.days(30),
        abortIncompleteMultipartUploadAfter: Duration.days(7),
      },
    ],
  });
  const evidence = new Bucket(scope, 'Evidence', {
    ...shared,
    encryption: BucketEncryption.KMS,
    encryptionKey,
    bucketKeyEnabled: true,
    serverAccessLogsBucket: accessLogs,
    serverAccessLogsPrefix: 'evidence/',
    lifecycleRules: [
      { noncurrentVersionExpiration: Duration.days(KEPT_DAYS), abortIncompleteMultipartUploadAfter: Duration.days(7) },
    ],
  });
  if (evidence.node.defaultChild instanceof CfnBucket) evidence.node.defaultChild.overrideLogicalId('Evidence');
  return evidence;
}
