/**
 * What the applications follow in a rehearsal: the record, the host in their secret or parameter, a proxy, or what a hook turns; read
 * anew at every connection.
 */
import { randomBytes } from 'node:crypto';
import type { SealiftConfigInput } from '../../config';
import type { Location } from '../control-plane/control-plane';
import { hookedHost } from './hook';
import type { LocalAws } from './local-aws';
import { CLIENTS_GROUP, PARAMETER_NAME, PROXY_NAME, RECORD_NAME, RECORD_TTL_SECONDS } from './place';

/** The kinds of switches. */
export const SWITCHES = ['route53', 'secret', 'parameter', 'rds-proxy', 'hook'] as const;

/** Kind of the switch. */
export type SwitchKind = (typeof SWITCHES)[number];

/** Where every kind can be found; all exist whichever is configured. */
export interface Doors {
  readonly hostedZoneId: string;
  readonly applicationSecretArn: string;
  readonly proxy: { readonly proxyArn: string; readonly targetGroupArn: string; readonly port: number };
  readonly hookArn: string;
}

/** Fields of the applications' secret and of their parameter. */
const HOST_FIELD = 'host';
const PORT_FIELD = 'port';

/** A kind of door. */
interface Door {
  configured(doors: Doors): SealiftConfigInput['switch'];
  /** Name of the instance that it leads to; null while there is none. */
  instanceHost(aws: LocalAws, doors: Doors): Promise<string | null> | string | null;
  /** Name that clients connect to. @default the instance's */
  clientsHost?(aws: LocalAws): string;
}

const DOORS: Readonly<Record<SwitchKind, Door>> = {
  route53: {
    configured: ({ hostedZoneId }) => ({
      kind: 'route53',
      hostedZoneId,
      recordName: RECORD_NAME,
      ttlSeconds: RECORD_TTL_SECONDS,
    }),
    instanceHost: () => RECORD_NAME,
  },
  secret: {
    configured: ({ applicationSecretArn }) => ({
      kind: 'secret',
      secretArn: applicationSecretArn,
      hostField: HOST_FIELD,
      portField: PORT_FIELD,
    }),
    instanceHost: ({ plane }, { applicationSecretArn }) =>
      hostIn(plane.secrets.version(plane.secrets.get(applicationSecretArn)).value),
  },
  parameter: {
    configured: () => ({
      kind: 'parameter',
      parameterName: PARAMETER_NAME,
      hostField: HOST_FIELD,
      portField: PORT_FIELD,
    }),
    instanceHost: ({ plane }) => hostIn(plane.ssm.value(plane.ssm.get(PARAMETER_NAME)).value),
  },
  'rds-proxy': {
    configured: ({ proxy }) => ({
      kind: 'rds-proxy',
      proxyName: PROXY_NAME,
      securityGroupId: CLIENTS_GROUP,
      ...proxy,
    }),
    instanceHost: ({ plane }) => {
      const { target } = plane.rds.proxies.get(PROXY_NAME);
      return target === null ? null : plane.rds.instances.get(target.instanceId).hostName;
    },
    clientsHost: ({ plane }) => plane.rds.proxies.get(PROXY_NAME).hostName,
  },
  hook: {
    configured: ({ hookArn }) => ({ kind: 'hook', functionArn: hookArn }),
    instanceHost: hookedHost,
  },
};

/** The switch as a customer configures it. */
export function configuredSwitch(kind: SwitchKind, doors: Doors): SealiftConfigInput['switch'] {
  return DOORS[kind].configured(doors);
}

/** The text of the applications' secret before the migration; what is not the host or the port must survive it. */
export function applicationSecretText(host: string, port: number): string {
  const credentials = { username: 'application', password: randomBytes(24).toString('base64url') };
  return JSON.stringify({ ...credentials, [HOST_FIELD]: host, [PORT_FIELD]: port });
}

/** The text of the applications' parameter before the migration. */
export function applicationParameterText(host: string, port: number): string {
  return JSON.stringify({ [HOST_FIELD]: host, [PORT_FIELD]: port, pool: { size: 10 } });
}

/** Where the applications connect at this moment; null when they are led nowhere. */
export async function whereTheDoorLeads(aws: LocalAws, kind: SwitchKind, doors: Doors): Promise<Location | null> {
  const { clientsHost, instanceHost } = DOORS[kind];
  const host = clientsHost ? clientsHost(aws) : await instanceHost(aws, doors);
  return host === null ? null : aws.plane.locate(host);
}

/** The instance that the applications reach at this moment; null when they reach none. */
export async function instanceBehindTheDoor(aws: LocalAws, kind: SwitchKind, doors: Doors): Promise<Location | null> {
  const host = await DOORS[kind].instanceHost(aws, doors);
  return host === null ? null : aws.plane.locate(host);
}

function hostIn(text: string): string {
  return String((JSON.parse(text) as Record<string, unknown>)[HOST_FIELD]);
}
