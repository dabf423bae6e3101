/**
 * The target instance, born by its own stack: the workflow sets the stack's seed once, and never again (facts E16).
 *
 *   seed none --policy, UpdateStack--> busy --> seed = our snapshot, or empty --> instance as demanded --> available
 *        \-- any other seed: refused        \-- rolled back: refused, with the first reason
 */
import * as z from 'zod';
import type { Input, Output } from '../contract/payloads';
import { Blocked } from '../errors';
import {
  classifyStackStatus,
  type DescribedStack,
  EMPTY_SEED,
  findStack,
  firstFailure,
  readStackPolicy,
  SEED_PARAMETER,
  updateParameter,
  writeStackPolicy,
} from '../platform/cloudformation';
import { requireTargetSettings } from '../platform/environment';
import { shortHash } from '../platform/names';
import { claimedCall, serverFacts } from '../platform/payload';
import { findInstance } from '../platform/rds';
import { classifyInstanceStatus } from '../platform/rds-status';
import type { World } from '../platform/world';
import { shortfalls } from './restored-instance';
import { protectingPolicy } from './stack-policy';

/** Input of the step. */
export const restoreInput = claimedCall.extend({ seed: z.string().min(1), source: serverFacts });

/** Sets the seed where it is `none`, then answers `pending` until the instance is available and as demanded. */
export async function restore(input: Input<'restore'>, world: World): Promise<Output<'restore'>> {
  return restoreFrom(await readStack(world.environment.targetStack), input, world);
}

/** Goes on from the stack as it was read; whoever is called at the same time may have planted the seed since. */
export async function restoreFrom(
  stack: DescribedStack,
  input: Input<'restore'>,
  world: World,
): Promise<Output<'restore'>> {
  const seed = stack.parameters[SEED_PARAMETER];
  const kind = classifyStackStatus(stack.status);
  if (kind === 'busy') return pending(`stack ${stack.name} is ${stack.status}`);
  if (kind === 'broken') throw await brokenStack(stack);
  if (seed === input.seed) return judgeInstance(input, world);
  if (seed !== 'none') throw otherSeed(stack, seed, input.seed);
  await assertNotRolledBack(stack, tokenOf(stack, input, world));
  if ((await findInstance(world.environment.targetInstance)) === null) return plantSeed(stack, input, world);
  const { parameters } = await readStack(stack.name);
  if (parameters[SEED_PARAMETER] !== input.seed) throw foreignInstance(world.environment.targetInstance, stack);
  return pending(`stack ${stack.name} was given its seed meanwhile`);
}

async function plantSeed(stack: DescribedStack, input: Input<'restore'>, world: World): Promise<Output<'restore'>> {
  const { targetStackPolicy, targetStackRoleArn: roleArn } = world.environment;
  const policy = protectingPolicy(await readStackPolicy(stack.name), targetStackPolicy);
  if (policy !== null) {
    await writeStackPolicy(stack.name, policy);
    world.log.fact('stack policy set', { stack: stack.name });
  }
  const change = { parameter: SEED_PARAMETER, value: input.seed, token: tokenOf(stack, input, world), roleArn };
  const { started } = await updateParameter(stack, change);
  if (started) world.log.fact('stack update started', { stack: stack.name, seed: input.seed });
  return pending(`stack ${stack.name} is being updated with its seed`);
}

async function judgeInstance(input: Input<'restore'>, world: World): Promise<Output<'restore'>> {
  const { keyArn, targetInstance } = world.environment;
  const instance = await findInstance(targetInstance);
  if (instance === null) {
    throw new Blocked(
      `stack ${world.environment.targetStack} has its seed but instance ${targetInstance} does not exist, delete the ` +
        'stack and deploy it again with seed none',
    );
  }
  const { facts } = instance;
  const kind = classifyInstanceStatus(facts.status);
  if (kind === 'transient') return pending(`instance ${targetInstance} is ${facts.status}`);
  if (kind === 'human') throw new Blocked(`instance ${targetInstance} is ${facts.status}, look at its events in RDS`);
  const found = shortfalls(instance, { keyArn, engineVersion: demandedVersion(input, world) });
  const lasting = found.filter((shortfall) => !shortfall.passes);
  if (lasting.length > 0) {
    throw new Blocked(
      `instance ${targetInstance} is not as demanded, nothing flows to it: ` +
        `${lasting.map((shortfall) => shortfall.text).join('; ')}; correct it and start again`,
    );
  }
  if (found.length > 0) return pending(`instance ${targetInstance}: ${found.map(({ text }) => text).join('; ')}`);
  const target = await world.locate(instance);
  return { status: 'available', detail: `instance ${targetInstance} is available and as demanded`, target };
}

/** What grows from a snapshot keeps the source's major; what is born empty has the configured one. */
function demandedVersion({ seed, source }: Input<'restore'>, { environment }: World): string {
  if (seed === EMPTY_SEED) return requireTargetSettings(environment).engineVersion;
  if (source.kind !== 'server') return source.engineVersion;
  throw new Blocked(
    `${source.instanceId} is no instance of RDS, so that no snapshot can be of it: migrate with road copy`,
  );
}

function pending(detail: string): Output<'restore'> {
  return { status: 'pending', detail, target: null };
}

/** The same run asks the same stack with the same token, so that a doubled call starts one update. */
function tokenOf(stack: DescribedStack, { execution, epoch, seed }: Input<'restore'>, world: World): string {
  return `sealift-${world.migrationId}-${shortHash(`${stack.arn} ${execution} ${epoch} ${seed}`)}`;
}

async function readStack(name: string): Promise<DescribedStack> {
  const stack = await findStack(name);
  if (stack === null) throw new Blocked(`stack ${name} does not exist, deploy it with seed none`);
  if (stack.parameters[SEED_PARAMETER] === undefined) {
    throw new Blocked(`stack ${name} has no parameter ${SEED_PARAMETER}, deploy the Target stack of this version`);
  }
  return stack;
}

async function brokenStack(stack: DescribedStack): Promise<Blocked> {
  const failure = await firstFailure(stack);
  const why = failure === null ? stack.statusReason : `${failure.resource}: ${failure.reason}`;
  return new Blocked(`stack ${stack.name} is ${stack.status}, repair it and start again: ${why}`);
}

/** A stack that rolled back our own update stands at `none` again; the same update would fail for ever. */
async function assertNotRolledBack(stack: DescribedStack, token: string): Promise<void> {
  if (stack.status !== 'UPDATE_ROLLBACK_COMPLETE') return;
  const failure = await firstFailure(stack);
  if (failure?.token !== token) return;
  throw new Blocked(
    `stack ${stack.name} rolled back the birth of the target, remove the cause and start a new execution: ` +
      `${failure.resource}: ${failure.reason}`,
  );
}

function foreignInstance(instanceId: string, stack: DescribedStack): Blocked {
  return new Blocked(
    `instance ${instanceId} exists although stack ${stack.name} has seed none: it belongs to somebody else, delete or ` +
      'rename it, or use another migration id',
  );
}

function otherSeed(stack: DescribedStack, found: string | undefined, wanted: string): Blocked {
  return new Blocked(
    `stack ${stack.name} has seed ${found}, ${wanted} was expected: another seed would replace the database; delete the ` +
      'target instance and its stack, deploy the stack with seed none, and start again',
  );
}
