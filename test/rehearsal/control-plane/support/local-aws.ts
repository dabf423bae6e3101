import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { scaledClock } from '../../../../lib/rehearsal/clock';
import { OPERATOR_ACCESS_KEY_ID } from '../../../../lib/rehearsal/control-plane/callers';
import {
  type ControlPlane,
  type ControlPlaneProps,
  createControlPlane,
} from '../../../../lib/rehearsal/control-plane/control-plane';
import type { DatabaseHost, HostedDatabase } from '../../../../lib/rehearsal/control-plane/rds/database-host';

export const ACCOUNT = '123456789012';
export const REGION = 'eu-central-1';

/** A control plane in a directory of its own, and what the SDK clients need to reach it. */
export interface LocalAws {
  readonly plane: ControlPlane;
  readonly directory: string;
  /** Whatever the control plane refused, in words. */
  readonly refusals: string[];
  /** Client configuration of a caller; the operator's unless another access key id is given. */
  client(accessKeyId?: string): {
    endpoint: string;
    region: string;
    credentials: { accessKeyId: string; secretAccessKey: string };
  };
  close(): Promise<void>;
}

/** Starts a control plane without real databases, unless a host is given. */
export async function startLocalAws(props: Partial<ControlPlaneProps> = {}): Promise<LocalAws> {
  const directory = await mkdtemp(join(tmpdir(), 'sealift-control-plane-'));
  const refusals: string[] = [];
  const plane = await createControlPlane({
    directory,
    clock: scaledClock(1000),
    account: ACCOUNT,
    region: REGION,
    authorize: () => ({ allowed: false, reason: 'no identity-based policy allows it' }),
    databaseHost: new EmptyHost(),
    onRefusal: (refusal) => refusals.push(refusal.message),
    ...props,
  });
  return {
    plane,
    directory,
    refusals,
    client: (accessKeyId = OPERATOR_ACCESS_KEY_ID) => ({
      endpoint: plane.endpointUrl,
      region: REGION,
      credentials: { accessKeyId, secretAccessKey: 'unused' },
    }),
    async close() {
      await plane.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** Hosts nothing: for tests of statuses and refusals, where no row matters. */
export class EmptyHost implements DatabaseHost {
  async create({ engineVersion }: { readonly engineVersion: string }): Promise<HostedDatabase> {
    return {
      port: 5432,
      endpointPort: 5432,
      // As the rehearsal has it: a version that is not installed becomes the one of its major that is.
      engineVersion: engineVersion.startsWith('18') ? '18.4' : '17.10',
      setPassword: async () => undefined,
      copyTo: async (_directory, onProgress) => onProgress(1),
      reboot: async () => undefined,
      remove: async () => undefined,
    };
  }

  restore(request: { readonly engineVersion: string }): Promise<HostedDatabase> {
    return this.create(request);
  }
}

/** Repeats a look until it answers something, at most ten seconds long. */
export async function eventually<T>(look: () => Promise<T | undefined>): Promise<T> {
  const deadline = Date.now() + 10_000;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (Date.now() > deadline) throw new Error('did not come about within ten seconds');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
