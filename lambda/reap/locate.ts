/** How an execution ended and where the two servers are. Nothing else is asked, so that little can stand in the reaper's way. */
import * as z from 'zod';
import type { ServerFacts } from '../contract/instance';
import type { Input, Output } from '../contract/payloads';
import { Blocked } from '../errors';
import { statusOfExecution } from '../platform/executions';
import { call } from '../platform/payload';
import { findInstance } from '../platform/rds';
import type { World } from '../platform/world';

/** Input of the step. */
export const locateInput = call.extend({ ended: z.string().min(1).nullable() });

/** Asks Step Functions and RDS; throws `Blocked` for an execution or a source that does not exist. */
export async function locate({ ended }: Input<'locate'>, world: World): Promise<Output<'locate'>> {
  const { sourceInstance, targetInstance } = world.environment;
  const findTarget = async () => {
    const found = await findInstance(targetInstance);
    return found && world.locate(found);
  };
  if (ended === null) return { status: null, source: null, target: await findTarget() };
  const [status, source, target] = await Promise.all([statusOfExecution(ended), findSource(world), findTarget()]);
  if (source === null) {
    throw new Blocked(`source instance ${sourceInstance} does not exist or has no endpoint, wait or start it`);
  }
  return { status, source, target };
}

/** RDS is not asked for a server that AWS does not manage. */
async function findSource(world: World): Promise<ServerFacts | null> {
  const host = await world.locateHost();
  if (host !== null) return host.facts;
  const found = await findInstance(world.environment.sourceInstance);
  return found && world.locate(found);
}
