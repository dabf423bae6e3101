/** The items of the security list that every synthesized migration keeps, whatever its configuration. */
import type { SealiftConfig } from '../../../lib';
import { acceptedWildcards, isAccepted } from './accepted-wildcards';
import { type Json, ofType, type StackTemplate, type Templates } from './synthesis';
import { resolveTokens } from './tokens';
import { wildcardsOf } from './wildcards';

/** What is broken, in words; empty when every promise is kept. `texts` are the customer's own, which may reach no policy. */
export function brokenPromises({ templates }: Templates, migration: string, texts: readonly string[]): string[] {
  const all = Object.values(templates);
  return [
    ...all.flatMap(brokenByType),
    ...brokenWildcards(all, migration),
    ...brokenTexts(all, texts),
    ...brokenParameters(all),
  ];
}

/** The texts of a configuration that no rule binds to a shape. */
export function freeTextsOf({ policy, target, tags, notifications }: SealiftConfig): string[] {
  return [
    ...policy.excludeDatabases,
    ...Object.values(target.parameters),
    ...Object.entries(tags).flat(),
    ...notifications.emails,
  ];
}

/** Per resource type, what its properties must be. */
const RULES: Readonly<Record<string, (properties: Json) => boolean>> = {
  'AWS::RDS::DBInstance': (p) =>
    p.PubliclyAccessible === false &&
    p.DeletionProtection === true &&
    Number(p.BackupRetentionPeriod) >= 7 &&
    p.ManageMasterUserPassword === true &&
    p.MasterUserPassword === undefined &&
    JSON.stringify(p.StorageEncrypted).includes('true') &&
    JSON.stringify(p.KmsKeyId).length > 4 &&
    p.CopyTagsToSnapshot === true,
  'AWS::S3::Bucket': (p) =>
    p.BucketEncryption !== undefined &&
    JSON.stringify(Object.values((p.PublicAccessBlockConfiguration ?? { none: false }) as Json)) ===
      '[true,true,true,true]',
  'AWS::SNS::Topic': (p) => p.KmsMasterKeyId !== undefined,
  'AWS::SQS::Queue': (p) => p.KmsMasterKeyId !== undefined,
  'AWS::Logs::LogGroup': (p) => p.KmsKeyId !== undefined && Number(p.RetentionInDays) > 0,
  'AWS::Lambda::Function': (p) => p.KmsKeyArn !== undefined && p.TracingConfig !== undefined,
  'AWS::StepFunctions::StateMachine': (p) =>
    JSON.stringify(p.EncryptionConfiguration).includes('CUSTOMER_MANAGED_KMS_KEY') &&
    (p.LoggingConfiguration as Json).IncludeExecutionData === false,
  'AWS::KMS::Key': (p) => p.EnableKeyRotation === true && p.PendingWindowInDays === 30,
  'AWS::SecretsManager::Secret': (p) => p.KmsKeyId !== undefined && p.SecretString === undefined,
  'AWS::EC2::SecurityGroup': (p) => !JSON.stringify(p).includes('0.0.0.0/0') && p.SecurityGroupIngress === undefined,
  'AWS::EC2::SecurityGroupIngress': (p) => p.CidrIp !== '0.0.0.0/0' && p.FromPort === p.ToPort,
  'AWS::IAM::Role': (p) => p.Policies === undefined,
};

function brokenByType(template: StackTemplate): string[] {
  return Object.entries(template.Resources).flatMap(([id, { Type, Properties }]) =>
    RULES[Type]?.(Properties) === false ? [`${Type} ${id} breaks its promise: ${JSON.stringify(Properties)}`] : [],
  );
}

function brokenWildcards(templates: readonly StackTemplate[], migration: string): string[] {
  const accepted = acceptedWildcards(migration);
  return templates
    .flatMap(wildcardsOf)
    .filter((wildcard) => !accepted.some((one) => isAccepted(wildcard, one)))
    .map((wildcard) => `a wildcard that nobody accepted: ${JSON.stringify(wildcard)}`);
}

/** Text of the customer reaches no state machine, no permission, and nothing that CloudFormation would resolve. */
function brokenTexts(templates: readonly StackTemplate[], texts: readonly string[]): string[] {
  const free = texts.filter((text) => text.length >= 6);
  const closed = templates.flatMap((template) =>
    ['AWS::StepFunctions::StateMachine', 'AWS::IAM::ManagedPolicy', 'AWS::IAM::Role', 'AWS::KMS::Key'].flatMap((type) =>
      ofType(template, type).map(([, { Properties }]) => {
        const { Tags, ...rest } = Properties;
        return JSON.stringify(resolveTokens(rest, template));
      }),
    ),
  );
  const escaped = free.map((text) => JSON.stringify(text).slice(1, -1));
  return [
    ...escaped
      .filter((text) => closed.some((part) => part.includes(text)))
      .map((text) => `text ${text} reached a policy or machine`),
    ...templates.flatMap((template) => (/[$#]\{Token\[/.test(JSON.stringify(template)) ? ['a token was left'] : [])),
  ];
}

function brokenParameters(templates: readonly StackTemplate[]): string[] {
  return templates
    .flatMap((template) => ofType(template, 'AWS::RDS::DBParameterGroup'))
    .map(([, { Properties }]) => Properties.Parameters as Json)
    .filter(
      (set) =>
        set['rds.force_ssl'] !== '1' || set.password_encryption !== 'scram-sha-256' || set.log_statement !== 'none',
    )
    .map((set) => `the parameter group does not force what it must: ${JSON.stringify(set)}`);
}
