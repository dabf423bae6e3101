/** What AWS says of everything that the migration touches; nothing is changed. */
import { ENV, type Input, type Inspection, type Output } from '../contract';
import { Blocked } from '../errors';
import { findStack, SEED_PARAMETER } from '../platform/cloudformation';
import type { Environment } from '../platform/environment';
import { findKey } from '../platform/kms';
import { call } from '../platform/payload';
import { type DescribedInstance, findInstance } from '../platform/rds';
import { readRecord } from '../platform/route53';
import type { World } from '../platform/world';
import { readSurroundings } from './surroundings';

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
  const { targetSettings } = environment;
  if (targetSettings === undefined) {
    throw new Error(`environment variable ${ENV.targetSettings} is not set, deploy the stack again`);
  }
  const groups = source.facts.parameterGroups.map(({ name }) => name);
  const surroundings = await readSurroundings(source.attached, groups, targetSettings);
  return { source: source.facts, target, key, record, surroundings };
}

async function inspectSource(instanceId: string): Promise<DescribedInstance> {
  const found = await findInstance(instanceId);
  if (found === null) throw new Blocked(`source instance ${instanceId} does not exist, configure its identifier`);
  if (found.facts.host === '') {
    throw new Blocked(`source instance ${instanceId} is ${found.facts.status} and has no endpoint, wait or start it`);
  }
  return found;
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
