/** The section `switch` of the configuration: every kind with its fields. */
import { z } from 'zod';
import {
  functionArn,
  hostName,
  keyArn,
  port,
  proxyArn,
  secretArn,
  section,
  securityGroupId,
  text,
  whole,
} from './fields';

const fieldName = () => text(/^[A-Za-z][\w.-]{0,63}$/, 'the name of a field: letters, digits, dot, dash, underscore');

/** What sends the applications to the target. */
export const applicationSwitch = z.discriminatedUnion(
  'kind',
  [
    section({
      kind: z.literal('route53').describe('`route53`: a CNAME record in a Route 53 zone of this account'),
      hostedZoneId: text(/^Z[A-Z0-9]{1,31}$/, 'the id of a hosted zone, Z…, without /hostedzone/').describe(
        'With `route53`: id of the zone',
      ),
      recordName: hostName().describe(
        'With `route53`: the name that applications connect to. Before the migration it must be a plain CNAME of the source',
      ),
      ttlSeconds: whole(1, 300, 'seconds')
        .default(5)
        .describe('With `route53`: 1 to 300. Clients keep a stale address this long, so it adds to the outage'),
    }),
    section({
      kind: z.literal('secret').describe('`secret`: the host in a secret that the applications read'),
      secretArn: secretArn().describe(
        "With `secret`: complete ARN, with its last six characters, of the applications' secret, a JSON object. Not the master user's",
      ),
      hostField: fieldName()
        .default('host')
        .describe("With `secret`: its field that holds the source's endpoint before the migration"),
      portField: fieldName()
        .optional()
        .describe('With `secret`: its field that holds the port. Needed when the target has another port'),
      kmsKeyArn: keyArn().optional().describe('With `secret`: its key, when it is a customer key'),
    }),
    section({
      kind: z
        .literal('parameter')
        .describe('`parameter`: the host in a parameter of Parameter Store that the applications read'),
      parameterName: text(
        /^(?=.{1,900}$)(?!\/?(?:aws|ssm)(?:[/\w.-]|$))(?:\/[\w.-]+(?:\/[\w.-]+){0,14}|[\w.-]+)$/i,
        'the name of a parameter of this account and region, such as /shop/database/host',
      ).describe(
        "With `parameter`: name of the applications' parameter, a String. Before the migration it must hold the source's endpoint",
      ),
      hostField: fieldName()
        .optional()
        .describe(
          'With `parameter`: the field that holds the endpoint, when the value is a JSON object. Without it, the whole value is the host',
        ),
      portField: fieldName()
        .optional()
        .describe(
          'With `parameter` and `hostField`: the field that holds the port. Needed when the target has another port',
        ),
    }),
    section({
      kind: z.literal('rds-proxy').describe('`rds-proxy`: an RDS Proxy that the applications connect to'),
      proxyName: text(/^[A-Za-z](?:-?[A-Za-z0-9]){0,62}$/, 'the name of an RDS Proxy').describe(
        'With `rds-proxy`: its name. Before the migration the source must be its only target',
      ),
      proxyArn: proxyArn('db-proxy').describe('With `rds-proxy`: its ARN, as `aws rds describe-db-proxies` tells it'),
      port: port().default(5432).describe('With `rds-proxy`: port that its clients connect to; AWS has this one'),
      securityGroupId: securityGroupId().describe(
        'With `rds-proxy`: its security group, which `network.clients` must name too. An ingress rule is added to it, from the functions, and goes with the `Foundation` stack',
      ),
      targetGroupArn: proxyArn('target-group').describe(
        'With `rds-proxy`: ARN of its target group, as `aws rds describe-db-proxy-target-groups` tells it',
      ),
    }),
    section({
      kind: z.literal('hook').describe('`hook`: whatever a function of yours turns'),
      functionArn: functionArn().describe(
        'With `hook`: ARN of the function, with an alias or a version if you like. [What it is asked and must answer](hook.md)',
      ),
      timeoutSeconds: whole(1, 60, 'seconds')
        .default(10)
        .describe('With `hook`: 1 to 60. Longest wait for one answer; it is part of the outage'),
    }),
  ],
  {
    error:
      'a switch with "kind": "route53", "kind": "secret", "kind": "parameter", "kind": "rds-proxy" or "kind": "hook"',
  },
);
