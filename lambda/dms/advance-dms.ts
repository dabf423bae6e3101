/** Makes, starts and follows the task of every database: each call looks at all of them and does the next thing of each. */
import * as z from 'zod';
import type { Input, Output } from '../contract/payloads';
import type { DmsSettings } from '../contract/settings';
import { Blocked } from '../errors';
import { requireDmsSettings } from '../platform/environment';
import { readEvidence } from '../platform/evidence';
import { claimedCall, evidencePointer } from '../platform/payload';
import { MIGRATION_TAG } from '../platform/rds';
import type { World } from '../platform/world';
import type { TaskPlan } from './ready';
import { advanceTask, type WantedTask } from './task';

/** Input of the step. */
export const advanceDmsInput = claimedCall.extend({ plans: evidencePointer });

const kept: z.ZodType<{ plans: TaskPlan[] }> = z.object({
  plans: z.array(
    z.object({
      database: z.string(),
      since: z.string(),
      slot: z.string(),
      form: z.enum(['full-load-and-cdc', 'cdc']),
      startLsn: z.string().nullable(),
      way: z.enum(['removal', 'replica']),
      reason: z.string(),
      tables: z.array(z.object({ schema: z.string(), name: z.string() })),
      generated: z.array(z.object({ schema: z.string(), name: z.string(), column: z.string() })),
    }),
  ),
});

/** Throws `Blocked` naming what fails, as `advanceTask` does, and when the plans are not where they were kept. */
export async function advanceDms({ plans }: Input<'advance-dms'>, world: World): Promise<Output<'advance-dms'>> {
  const read = kept.safeParse(await readEvidence(plans));
  if (!read.success) throw new Blocked(`evidence ${plans.key} holds no plans of tasks, start the phase again`);
  const settings = requireDmsSettings(world.environment);
  const details: string[] = [];
  let loaded = 0;
  for (const plan of read.data.plans) {
    const { stand, detail } = await advanceTask(wantedTask(plan, settings, world.migrationId));
    if (stand === 'loaded') loaded += 1;
    else details.push(detail);
  }
  const tasks = read.data.plans.length;
  world.log.fact('tasks looked at', { loaded, tasks });
  return { loaded, tasks, detail: details[0] ?? 'every task has loaded its tables' };
}

/** What a plan wants of DMS, by what the configuration says. */
export function wantedTask(plan: TaskPlan, settings: DmsSettings, migrationId: string): WantedTask {
  const { replicationInstanceArn, certificateArn, secretsRoleArn: roleArn } = settings;
  return {
    ...plan,
    migrationId,
    instanceArn: replicationInstanceArn,
    certificateArn,
    source: { secretArn: settings.sourceSecretArn, roleArn },
    target: { secretArn: settings.targetSecretArn, roleArn },
    way: { way: plan.way },
    choices: settings,
    tags: { [MIGRATION_TAG]: migrationId },
  };
}
