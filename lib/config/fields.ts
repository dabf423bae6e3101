/** The kinds of values that the configuration is made of; each says what it allows, in words. */
import { z } from 'zod';

/** An object that refuses keys it does not know and names the ones it does. */
export function section<S extends z.ZodRawShape>(shape: S) {
  const known = Object.keys(shape).join(', ');
  return z.strictObject(shape, {
    error: (issue) => (issue.code === 'unrecognized_keys' ? `only ${known}` : `an object with ${known}`),
  });
}

/** A string of one shape; `allowed` describes it. */
export function text(shape: RegExp, allowed: string) {
  return z.string({ error: allowed }).regex(shape, { error: allowed });
}

/** A whole number from `least` to `most`. */
export function whole(least: number, most: number, unit: string) {
  const allowed = `a whole number of ${unit} from ${least} to ${most}`;
  return z.int({ error: allowed }).min(least, { error: allowed }).max(most, { error: allowed });
}

/** A share from 0 to 1. */
export function share() {
  const allowed = 'a number from 0 to 1';
  return z.number({ error: allowed }).min(0, { error: allowed }).max(1, { error: allowed });
}

/** One of a few words. */
export function oneOf<const W extends readonly [string, ...string[]]>(words: W) {
  return z.enum(words, { error: words.map((word) => `"${word}"`).join(' or ') });
}

/** True or false; the words "true" and "false" are neither (fault 108). */
export function yesOrNo() {
  return z.boolean({ error: 'true or false' });
}

/** A list of at least `least` and at most `most` items without doubles. */
export function listOf<T extends z.ZodType>(item: T, least: number, most: number, what: string) {
  const allowed = `a list of ${least} to ${most} ${what}, none twice`;
  return z
    .array(item, { error: allowed })
    .min(least, { error: allowed })
    .max(most, { error: allowed })
    .refine((items) => new Set(items.map((one) => JSON.stringify(one))).size === items.length, { error: allowed });
}

const ARN_START = 'arn:(?:aws|aws-cn|aws-us-gov):';
const REGION_AND_ACCOUNT = '[a-z]{2}(?:-[a-z]+)+-\\d:\\d{12}';

/** ARN of a Secrets Manager secret, complete with its random six characters: permissions name it exactly. */
export const secretArn = () =>
  text(
    new RegExp(`^${ARN_START}secretsmanager:${REGION_AND_ACCOUNT}:secret:[A-Za-z0-9/_+=.@!-]{1,512}-[A-Za-z0-9]{6}$`),
    'the complete ARN of a secret, with its last six characters: arn:aws:secretsmanager:<region>:<account>:secret:<name>-<6 characters>',
  );

/** ARN of a KMS key; no alias, because an alias can be moved to another key (fault 80). */
export const keyArn = () =>
  text(
    new RegExp(`^${ARN_START}kms:${REGION_AND_ACCOUNT}:key/[a-z0-9-]{1,64}$`),
    'the ARN of a KMS key, no alias: arn:aws:kms:<region>:<account>:key/<id>',
  );

/** ARN of a Lambda function, perhaps of one alias or version of it: permissions name it exactly. */
export const functionArn = () =>
  text(
    new RegExp(`^${ARN_START}lambda:${REGION_AND_ACCOUNT}:function:[\\w-]{1,64}(?::[\\w-]{1,128})?$`),
    'the ARN of a function, perhaps with an alias or version: arn:aws:lambda:<region>:<account>:function:<name>',
  );

/** ARN of an RDS Proxy or of its target group, by the kind of id that AWS gives it. */
export const proxyArn = (type: 'db-proxy' | 'target-group') => {
  const id = type === 'db-proxy' ? 'prx' : 'prx-tg';
  return text(
    new RegExp(`^${ARN_START}rds:${REGION_AND_ACCOUNT}:${type}:${id}-[0-9a-f]{8,32}$`),
    `an ARN of RDS: arn:aws:rds:<region>:<account>:${type}:${id}-<id>`,
  );
};

/** ARN of an IAM role. */
export const roleArn = () =>
  text(
    new RegExp(`^${ARN_START}iam::\\d{12}:role/[\\w+=,.@/-]{1,512}$`),
    'the ARN of an IAM role: arn:aws:iam::<account>:role/<name>',
  );

/** ARN of a managed policy, the customer's or Amazon's. */
export const policyArn = () =>
  text(
    new RegExp(`^${ARN_START}iam::(?:\\d{12}|aws):policy/[\\w+=,.@/-]{1,512}$`),
    'the ARN of a managed policy: arn:aws:iam::<account>:policy/<name>',
  );

/** Identifier of a security group. */
export const securityGroupId = () => text(/^sg-[0-9a-f]{8,17}$/, 'a security group id, sg-…');

/** Name of a region. */
export const region = () => text(/^[a-z]{2}(?:-[a-z]+)+-\d$/, 'a region such as eu-central-1');

/** A TCP port of an RDS instance. */
export const port = () => whole(1150, 65535, 'port');

/** A host name in lower case. */
export const hostName = () =>
  text(
    /^(?=.{1,253}$)(?:[a-z0-9_](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?$/,
    'a host name in lower case without a final dot, such as db.example.internal',
  );

/** A host name, or an address for where there are no names. */
export const hostOrAddress = () =>
  z.union([hostName(), text(/^(?:localhost|(?:\d{1,3}\.){3}\d{1,3})$/, 'an address')], {
    error: 'a host name in lower case without a final dot, an IPv4 address, or localhost',
  });
