/** The secret that keeps the passwords which roles of the source get on an empty target. */
import { RemovalPolicy, SecretValue } from 'aws-cdk-lib';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { CfnSecret, Secret } from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import { acknowledge, acknowledgeRule } from '../acknowledge';
import type { SealiftConfig } from '../config';

/** Makes the secret; it begins as an empty JSON object, and the step `make-databases` adds a field for each role. */
export function rolePasswords(scope: Construct, key: IKey, config: SealiftConfig): Secret {
  const secret = new Secret(scope, 'RolePasswords', {
    description: `Sealift ${config.migration}: new passwords of the roles on the target, by role`,
    encryptionKey: key,
    // No role and no password: the template holds nothing to hide.
    secretStringValue: SecretValue.unsafePlainText('{}'),
    removalPolicy: RemovalPolicy.RETAIN,
  });
  if (secret.node.defaultChild instanceof CfnSecret) secret.node.defaultChild.overrideLogicalId('RolePasswords');
  const unrotated = 'it hands passwords over to their owners, who rotate them where their applications read them';
  acknowledge(secret, 'AwsSolutions-SMG4', unrotated);
  acknowledgeRule(secret, ['HIPAA.Security', 'NIST.800.53.R5'], 'SecretsManagerRotationEnabled', unrotated);
  return secret;
}
