/** A source and its target after the whole snapshot road, the stream flowing: where verification and cutover begin. */

import type { Policy } from '../../../lambda/contract/settings';
import { subscribeOn } from '../../../lambda/replicate/subscribe';
import { adoptOn } from '../../../lambda/seed/adopt';
import { claimOn } from '../../../lambda/seed/claim';
import { prepareOn } from '../../../lambda/seed/prepare';
import type { PostgresServer } from '../../../lib/rehearsal/servers/postgres-server';
import { startRdsHooks } from '../../../lib/rehearsal/servers/rds-hooks';
import { DATABASES, EXECUTION, REPLICATION, Stage } from '../seed/stage';

/** Both servers and the epoch of the claim. */
export interface Followed {
  readonly stage: Stage;
  readonly target: PostgresServer;
  readonly epoch: string;
  close(): Promise<void>;
}

/** Claims, prepares, copies, adopts and subscribes on fresh servers. */
export async function follow(
  major = 17,
  policy: Partial<Policy> = {},
  fill: (source: PostgresServer) => Promise<void> = async () => undefined,
): Promise<Followed> {
  const settings = { max_prepared_transactions: 10, max_connections: 200 };
  const stage = await Stage.start(major, settings);
  const stopHooks = startRdsHooks(stage.source, 20);
  const close = async (): Promise<void> => {
    await stopHooks();
    await stage.close();
  };
  try {
    await fill(stage.source);
    const claiming = stage.world('claim', '0', { policy });
    const claim = { execution: EXECUTION, databases: DATABASES, takeOver: null, mode: 'hold' } as const;
    const { epoch } = await claimOn(stage.server('source', stage.source, claiming), claim, claiming);
    const world = stage.world('prepare', epoch, { policy });
    const source = stage.server('source', stage.source, world);
    const { slots } = await prepareOn(source, DATABASES, REPLICATION, world);
    const target = await stage.copy('target', settings);
    await target.start();
    const adopting = stage.world('adopt', epoch, { policy });
    const copy = stage.server('target', target, adopting);
    const { seedLsn } = await adoptOn(source, copy, { databases: DATABASES, slots }, adopting);
    const sourceEndpoint = { host: '127.0.0.1', port: stage.source.port };
    await subscribeOn(source, copy, { databases: DATABASES, seedLsn, sourceEndpoint }, REPLICATION, adopting);
    return { stage, target, epoch, close };
  } catch (error) {
    await close();
    throw error;
  }
}
