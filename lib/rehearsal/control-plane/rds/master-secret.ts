import type { Keys } from '../kms/keys';
import { generatePassword } from '../secrets/generate';
import type { Secrets } from '../secrets/secrets';
import type { Instance, MasterUserSecret } from './instance';

/**
 * Makes the secret `rds!db-…` that RDS keeps for a master user, `creating` at first.
 *
 * @param kmsKeyId key of the secret; `alias/aws/secretsmanager` unless given
 * @returns the secret for the description, and the password for the server
 */
export function manageMasterSecret(
  { secrets, keys }: { readonly secrets: Secrets; readonly keys: Keys },
  instance: Instance,
  kmsKeyId = 'alias/aws/secretsmanager',
): { readonly secret: MasterUserSecret; readonly password: string } {
  const key = keys.get(kmsKeyId);
  const password = generatePassword({ PasswordLength: 28, ExcludeCharacters: '/@" \\\'' });
  const { arn } = secrets.create({
    name: `rds!${instance.resourceId.toLowerCase()}`,
    value: JSON.stringify({ username: instance.masterUsername, password }),
    description: `Secret associated with primary RDS DB instance: ${instance.arn}`,
    kmsKeyId: key.arn,
    owningService: 'rds',
    tags: new Map([
      ['aws:secretsmanager:owningService', 'rds'],
      ['aws:rds:primaryDBInstanceArn', instance.arn],
    ]),
  });
  return { secret: { secretArn: arn, kmsKeyArn: key.arn, status: 'creating' }, password };
}
