/** What AWS says of everything that the migration touches; nothing is changed. */

import type { Inspection, Surroundings } from '../contract/assessment';
import type { Endpoint, ServerFacts } from '../contract/instance';
import type { Input, Output } from '../contract/payloads';
import { Blocked } from '../errors';
import { findStack, SEED_PARAMETER } from '../platform/cloudformation';
import { type Environment, requireTargetSettings } from '../platform/environment';
import { findKey } from '../platform/kms';
import { call } from '../platform/payload';
import { findInstance } from '../platform/rds';
import { applicationSwitch } from '../platform/switch';
import type { World } from '../platform/world';
import { readSurroundings } from './surroundings';

/** Input of the step. */
export const inspectInput = call;

/** Describes source, target stack and instance, key and switch; throws `Blocked` for what must exist and does not. */
export async function inspect(_input: Input<'inspect'>, world: World): Promise<Output<'inspect'>> {
  const { environment } = world;
  const [source, target, stack, key] = await Promise.all([
    findSource(environment.sourceInstance, world),
    findInstance(environment.targetInstance),
    inspectStack(environment),
    inspectKey(environment.keyArn),
  ]);
  const record = await applicationSwitch(environment).look({
    source: source.endpoint.host,
    target: target?.endpoint?.host ?? null,
    instances: { source: environment.sourceInstance, target: environment.targetInstance },
  });
  const surroundings = await readSurroundings(source.attached, source.groups, requireTargetSettings(environment));
  return {
    source: source.facts,
    target: { ...stack, instance: target && (await world.locate(target)) },
    key,
    record,
    surroundings,
  };
}

interface FoundSource {
  readonly facts: ServerFacts;
  readonly endpoint: Endpoint;
  /** Null of a server that AWS does not manage. */
  readonly attached: Surroundings['source'];
  /** Names of its parameter groups. */
  readonly groups: readonly string[];
}

/** The source must exist and be reachable; its host name stays out of the facts, which are the history of the execution. */
async function findSource(instanceId: string, world: World): Promise<FoundSource> {
  const host = await world.locateHost();
  if (host !== null) return { ...host, attached: null, groups: [] };
  const found = await findInstance(instanceId);
  if (found === null) throw new Blocked(`source instance ${instanceId} does not exist, configure its identifier`);
  const facts = await world.locate(found);
  if (facts === null || found.endpoint === null) {
    throw new Blocked(`source instance ${instanceId} is ${found.facts.status} and has no endpoint, wait or start it`);
  }
  const groups = facts.parameterGroups.map(({ name }) => name);
  return { facts, endpoint: found.endpoint, attached: found.attached, groups };
}

async function inspectStack(environment: Environment): Promise<Omit<Inspection['target'], 'instance'>> {
  const { targetStack } = environment;
  const stack = await findStack(targetStack);
  if (stack === null) throw new Blocked(`target stack ${targetStack} does not exist, deploy it with seed none`);
  const seed = stack.parameters[SEED_PARAMETER];
  if (seed === undefined) {
    throw new Blocked(
      `target stack ${targetStack} has no parameter ${SEED_PARAMETER}, deploy the stack of this version`,
    );
  }
  return { stackName: targetStack, stackStatus: stack.status, seed };
}

async function inspectKey(keyArn: string): Promise<Inspection['key']> {
  const key = await findKey(keyArn);
  if (key === null) throw new Blocked(`key ${keyArn} does not exist in this account and region, configure another`);
  return key;
}
