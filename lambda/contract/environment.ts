/** Names of what functions read from their environment. */

/** Names of the environment variables that functions read; nothing else is read from the environment. */
export const ENV = {
  /** The migration id: `[a-z][a-z0-9-]{0,19}`. */
  migrationId: 'SEALIFT_MIGRATION_ID',
  /** Identifier of the source RDS instance, or the configured name of a source that AWS does not manage. */
  sourceInstance: 'SEALIFT_SOURCE_INSTANCE',
  /** JSON of `Endpoint`: where a source that AWS does not manage is reached; absent of an instance, which RDS tells. */
  sourceEndpoint: 'SEALIFT_SOURCE_ENDPOINT',
  /** ARN of the secret with the source's master credentials, JSON `{username, password}`. */
  masterSecretArn: 'SEALIFT_MASTER_SECRET_ARN',
  /** ARN of the generated secret of the replication role, JSON `{username, password}`. */
  replicationSecretArn: 'SEALIFT_REPLICATION_SECRET_ARN',
  /** Name of the `Target` stack. */
  targetStack: 'SEALIFT_TARGET_STACK',
  /** ARN of the role that `restore` passes to CloudFormation with its update; that step only. */
  targetStackRoleArn: 'SEALIFT_TARGET_STACK_ROLE_ARN',
  /** JSON of the stack policy that `restore` sets before its update; that step only. */
  targetStackPolicy: 'SEALIFT_TARGET_STACK_POLICY',
  /** Identifier of the target RDS instance, fixed by the `Target` template. */
  targetInstance: 'SEALIFT_TARGET_INSTANCE',
  /** ARN of the KMS key that the target must be encrypted with. */
  keyArn: 'SEALIFT_KEY_ARN',
  /** Name of the evidence bucket. */
  evidenceBucket: 'SEALIFT_EVIDENCE_BUCKET',
  /** JSON of `Switch`: what the applications follow. */
  switch: 'SEALIFT_SWITCH',
  /** Policy options: JSON of `Policy`. */
  policy: 'SEALIFT_POLICY',
  /** JSON of `PrunePolicy`: what is old; `plan-prune` only. */
  prune: 'SEALIFT_PRUNE',
  /** JSON of the customer's tags, for what a step makes beside CloudFormation; the steps `snapshot` and `encrypt` only. */
  tags: 'SEALIFT_TAGS',
  /** PEM of further certificate authorities to trust beside Amazon's; may be absent. */
  trustedCa: 'SEALIFT_TRUSTED_CA',
  /** JSON of `CopySettings`: how rows travel; the steps of the copy road and, on it, `assess`. */
  copy: 'SEALIFT_COPY',
  /** JSON of `DmsSettings`; the steps of engine `dms` only. */
  dms: 'SEALIFT_DMS',
  /** What the target is configured to be: JSON of `TargetSettings`; `inspect` and `restore` only. */
  targetSettings: 'SEALIFT_TARGET_SETTINGS',
} as const;
