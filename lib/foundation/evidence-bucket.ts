/** The bucket for evidence: reports, counts, hashes and timings, kept when the stack goes (security 67). */
import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import {
  BlockPublicAccess,
  Bucket,
  BucketEncryption,
  CfnBucket,
  ObjectLockRetention,
  ObjectOwnership,
} from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import { acknowledgeRule, type Pack } from '../acknowledge';

/** Days that superseded versions of evidence and access logs are kept. */
const KEPT_DAYS = 365;

/** Packs that follow a norm of audits. */
const AUDITED: readonly Pack[] = ['HIPAA.Security', 'NIST.800.53.R5', 'PCI.DSS.321'];

/** Makes the evidence bucket and the bucket of its access logs. */
export function evidenceBucket(scope: Construct, encryptionKey: IKey, objectLockDays: number | undefined): Bucket {
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
    // The service that delivers access logs writes to buckets with S3's own keys only; the logs hold no data.
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
    ...(objectLockDays !== undefined && {
      objectLockDefaultRetention: ObjectLockRetention.governance(Duration.days(objectLockDays)),
    }),
    lifecycleRules: [
      { noncurrentVersionExpiration: Duration.days(KEPT_DAYS), abortIncompleteMultipartUploadAfter: Duration.days(7) },
    ],
  });
  acknowledgeRule(
    accessLogs,
    AUDITED,
    'S3DefaultEncryptionKMS',
    'S3 delivers access logs only to buckets under its own keys; they hold names of objects and nothing of what is in them',
  );
  for (const bucket of [accessLogs, evidence]) {
    acknowledgeRule(
      bucket,
      AUDITED,
      'S3BucketReplicationEnabled',
      'versioned, retained and, when configured, locked; whether evidence may leave its region is for the customer to say',
    );
  }
  if (evidence.node.defaultChild instanceof CfnBucket) evidence.node.defaultChild.overrideLogicalId('Evidence');
  return evidence;
}
