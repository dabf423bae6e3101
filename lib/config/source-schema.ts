/** The section `source` of the configuration: an instance of RDS, or a server that AWS does not manage. */
import { z } from 'zod';
import { hostName, keyArn, port, secretArn, section, securityGroupId, text, yesOrNo } from './fields';

const IDENTIFIER = /^[a-z](?:-?[a-z0-9]){0,62}$/;

const masterSecretArn = () =>
  secretArn().describe('Complete ARN of a secret with the master user\'s credentials, JSON `{"username", "password"}`');
const kmsKeyArn = () => keyArn().optional().describe('Key of that secret, when it is a customer key');
const trustedCaPem = () =>
  text(
    /^(?=[\s\S]{1,2500}$)(?:-----BEGIN CERTIFICATE-----\n(?:[A-Za-z0-9+/=]{1,76}\n)+-----END CERTIFICATE-----\n?)+$/,
    'PEM certificates, 2,500 characters at most',
  )
    .optional()
    .describe("Certificate authorities to trust beside Amazon's, PEM, at most 2,500 characters");

const instance = section({
  kind: z.literal('rds').describe('`rds`: an Amazon RDS for PostgreSQL instance of this account and region'),
  instanceId: text(IDENTIFIER, 'an RDS instance identifier in lower case').describe('With `rds`: its identifier'),
  masterSecretArn: masterSecretArn(),
  securityGroupId: securityGroupId().describe(
    'With `rds`: security group of the instance. Two ingress rules are added to it, from the functions and from the target, and go with the `Foundation` stack',
  ),
  port: port().default(5432).describe('Its port'),
  kmsKeyArn: kmsKeyArn(),
  storageKeyArn: keyArn()
    .optional()
    .describe("With `rds`: key of the instance's storage, when an encrypted instance is to get another key"),
  trustedCaPem: trustedCaPem(),
});

const server = section({
  kind: z
    .literal('server')
    .describe(
      '`server`: a PostgreSQL that AWS does not manage, on EC2, on premises or in another cloud; it needs `"road": "copy"`',
    ),
  name: text(IDENTIFIER, 'a name of lower-case letters, digits and single dashes').describe(
    'With `server`: the name under which evidence and messages speak of it',
  ),
  host: hostName().describe(
    'With `server`: the host name that its certificate is made for. Functions and target connect to it',
  ),
  address: text(
    /^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)$/,
    'the IPv4 address of one host, such as 10.1.2.3',
  ).describe(
    'With `server`: the IPv4 address that the name leads to. Functions and target may connect to this one host and no other; what stands before it, security group or firewall, has to admit them, which is up to you',
  ),
  port: port().default(5432).describe('Its port'),
  masterSecretArn: masterSecretArn(),
  kmsKeyArn: kmsKeyArn(),
  trustedCaPem: trustedCaPem(),
  ownBackup: yesOrNo().describe(
    'With `server`: whether you have a backup of your own from which you could restore it. RDS can take no snapshot of it, neither before a pruning nor at the end: with `false` nothing is pruned',
  ),
});

/** The database as it is. */
export const source = z.discriminatedUnion('kind', [instance, server], {
  error: 'a source with "kind": "rds" or "kind": "server"',
});
