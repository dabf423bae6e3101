/** Gets both servers ready for the tasks of DMS, and keeps what the tasks are to be: their lists of tables fit into no state. */
import * as z from 'zod';
import type { Input, Output } from '../contract/payloads';
import { requireDmsSettings } from '../platform/environment';
import { bothSides, claimedCall, databases } from '../platform/payload';
import { readCredentials } from '../platform/secrets';
import type { World } from '../platform/world';
import { readyOn, type TaskPlan } from './ready';

/** Input of the step. */
export const readyDmsInput = claimedCall.extend({ ...bothSides, databases, seedLsn: z.string().nullable() });

/** Opens both servers; each call goes on where the last one ended. */
export async function readyDms(input: Input<'ready-dms'>, world: World): Promise<Output<'ready-dms'>> {
  const [source, target] = await Promise.all([world.openSource(input.source), world.openTarget(input.target)]);
  const plans = await readyOn(
    source,
    target,
    {
      databases: input.databases,
      seedLsn: input.seedLsn,
      sourceEndpoint: await world.endpointOf(input.source),
      targetEndpoint: await world.endpointOf(input.target),
      settings: requireDmsSettings(world.environment),
      replication: await readCredentials(world.environment.replicationSecretArn),
    },
    world,
  );
  if (plans === null) return { ready: false, plans: null, detail: 'what stands in the way is being taken away' };
  return { ready: true, plans: await world.keepEvidence('dms-tasks', { plans }), detail: wordsOf(plans) };
}

function wordsOf(plans: readonly TaskPlan[]): string {
  const [first] = plans;
  const more = plans.length > 1 ? `, and ${plans.length - 1} more databases` : '';
  return first === undefined ? 'no databases' : `${first.database}: ${first.way}, ${first.reason}${more}`;
}
