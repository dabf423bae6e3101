/** What the applications follow in a rehearsal: the record, or the host in their secret; read anew at every connection. */
import { randomBytes } from 'node:crypto';
import type { SealiftConfigInput } from '../../config';
import type { Location } from '../control-plane/control-plane';
import type { LocalAws } from './local-aws';
import { RECORD_NAME, RECORD_TTL_SECONDS } from './place';

/** The kinds of switches. */
export const SWITCHES = ['route53', 'secret'] as const;

/** Kind of the switch. */
export type SwitchKind = (typeof SWITCHES)[number];

/** Where both kinds can be found; both exist whichever is configured. */
export interface Doors {
  readonly hostedZoneId: string;
  readonly applicationSecretArn: string;
}

/** Fields of the applications' secret. */
const HOST_FIELD = 'host';
const PORT_FIELD = 'port';

const CONFIGURED: Readonly<Record<SwitchKind, (doors: Doors) => SealiftConfigInput['switch']>> = {
  route53: ({ hostedZoneId }) => ({
    kind: 'route53',
    hostedZoneId,
    recordName: RECORD_NAME,
    ttlSeconds: RECORD_TTL_SECONDS,
  }),
  secret: ({ applicationSecretArn }) => ({
    kind: 'secret',
    secretArn: applicationSecretArn,
    hostField: HOST_FIELD,
    portField: PORT_FIELD,
  }),
};

const FOLLOWED: Readonly<Record<SwitchKind, (aws: LocalAws, doors: Doors) => string>> = {
  route53: () => RECORD_NAME,
  secret: ({ plane }, { applicationSecretArn }) => {
    const { value } = plane.secrets.version(plane.secrets.get(applicationSecretArn));
    return String((JSON.parse(value) as Record<string, unknown>)[HOST_FIELD]);
  },
};

/** The switch as a customer configures it. */
export function configuredSwitch(kind: SwitchKind, doors: Doors): SealiftConfigInput['switch'] {
  return CONFIGURED[kind](doors);
}

/** The text of the applications' secret before the migration; what is not the host or the port must survive it. */
export function applicationSecretText(host: string, port: number): string {
  const credentials = { username: 'application', password: randomBytes(24).toString('base64url') };
  return JSON.stringify({ ...credentials, [HOST_FIELD]: host, [PORT_FIELD]: port });
}

/** Where the applications are led at this moment; null when it is nowhere. */
export function whereTheDoorLeads(aws: LocalAws, kind: SwitchKind, doors: Doors): Location | null {
  return aws.plane.locate(FOLLOWED[kind](aws, doors));
}
