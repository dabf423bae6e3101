/** Whether a way back is wanted, and with what. */
import type { Endpoint, ServerFacts } from '../contract/instance';
import type { Credentials } from '../platform/postgres';
import { readCredentials } from '../platform/secrets';
import type { World } from '../platform/world';

/** What a way back is prepared with. */
export interface WayBackPlan {
  readonly windowHours: number;
  /** How the target is reached when the configuration names nothing else. */
  readonly target: Endpoint;
  readonly credentials: Credentials;
}

/** What the configuration asks for; null when it asks for no way back. */
export async function planWayBack(world: World, target: ServerFacts): Promise<WayBackPlan | null> {
  const { policy, replicationSecretArn } = world.environment;
  const { windowHours } = policy.rollback;
  if (windowHours === 0) return null;
  const [endpoint, credentials] = await Promise.all([world.endpointOf(target), readCredentials(replicationSecretArn)]);
  return { windowHours, target: endpoint, credentials };
}
