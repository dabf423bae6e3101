/** The wire of every step: parse, open the world, run the recipe, answer plain JSON, always close. */
import type { Context } from 'aws-lambda';
import type * as z from 'zod';
import type { StepName } from '../contract';
import type { Input, Output } from '../contract/payloads';
import { Blocked, CutoverAborted, NotReady, PastTheFlip } from '../errors';
import { World } from './world';

/** Makes the Lambda handler of `step`; an event that `schema` refuses is `Blocked` before anything is opened. */
export function stepHandler<S extends StepName>(
  step: S,
  schema: z.ZodType<Input<S>>,
  recipe: (input: Input<S>, world: World) => Promise<Output<S>>,
): (event: unknown, context: Context) => Promise<Output<S>> {
  return async (event, context) => {
    const input = parse(step, schema, event);
    const world = new World(step, input, () => context.getRemainingTimeInMillis());
    const startedAt = Date.now();
    world.log.fact('step started');
    try {
      const output = await recipe(input, world);
      world.log.fact('step finished', { ms: Date.now() - startedAt });
      return JSON.parse(JSON.stringify(output)) as Output<S>;
    } catch (error) {
      world.log.warning('step failed', { ms: Date.now() - startedAt, error: nameOf(error), reason: speakable(error) });
      throw error;
    } finally {
      await world.close();
    }
  };
}

function parse<S extends StepName>(step: S, schema: z.ZodType<Input<S>>, event: unknown): Input<S> {
  const parsed = schema.safeParse(event);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((issue) => `${issue.path.join('.') || 'event'}: ${issue.message}`);
  throw new Blocked(`step ${step} refuses its input: ${problems.slice(0, 10).join('; ')}`);
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : typeof error;
}

/** Only our own errors speak: others may quote values (facts K8). */
function speakable(error: unknown): string {
  const ours = [NotReady, Blocked, CutoverAborted, PastTheFlip].some((kind) => error instanceof kind);
  return ours || nameOf(error) === 'PostgresError' ? (error as Error).message : '';
}
