/** What AWS says of everything that the migration touches; nothing is changed. */
import type { Input, Inspection, Output } from '../contract';
import { Blocked } from '../errors';
import { findStack, SEED_PARAMETER } from '../platform/cloudformation';
import type { Environment } from '../platform/environment';
import { findKey } from '../platform/kms';
import { call } from '../platform/payload';
import { findInstance } from '../platform/rds';
import { readRecord } from '../platform/route53';
import type { World } from '../platform/world';

/** Input of the step. */
export const inspectInput = call;

/** Describes source, target stack and instance, key and record; throws `Blocked` for what must exist and does not. */
export async function inspect(_input: Input<'inspect'>, world: World): Promise<Output<'inspect'>> {
  const { environment } = world;
  const [source, target, key, record] = await Promise.all([
    inspectSource(environment.sourceInstance),
    inspectTarget(environment),
    inspectKey(environment.keyArn),
    readRecord(environment),
  ]);
  return { source, target, key, record };
}

async function inspectSource(instanceId: string): Promise<Inspection['source']> {
  const found = await findInstance(instanceId);
  if (found === null) throw new Blocked(`source instance ${instanceId} does not exist, configure its identifier`);
  if (found.facts.host === '') {
    throw new Blocked(`source instance ${instanceId} is ${found.facts.status} and has no endpoint, wait or start it`);
  }
  return found.facts;
}

async function inspectTarget(environment: Environment): Promise<Inspection['target']> {
  const { targetStack, targetInstance } = environment;
  const [stack, instance] = await Promise.all([findStack(targetStack), findInstance(targetInstance)]);
  if (stack === null) throw new Blocked(`target stack ${targetStack} does not exist, deploy it with seed none`);
  const seed = stack.parameters[SEED_PARAMETER];
  if (seed === undefined) {
    throw new Blocked(
      `target stack ${targetStack} has no parameter ${SEED_PARAMETER}, deploy the stack of this version`,
    );
  }
  const facts = instance === null || instance.facts.host === '' ? null : instance.facts;
  return { stackName: targetStack, stackStatus: stack.status, seed, instance: facts };
}

async function inspectKey(keyArn: string): Promise<Inspection['key']> {
  const key = await findKey(keyArn);
  if (key === null) throw new Blocked(`key ${keyArn} does not exist in this account and region, configure another`);
  return key;
}
