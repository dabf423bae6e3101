/** What the steps of the copy road answered. */
import * as z from 'zod';
import type { StepName } from '../../../../lambda/contract';
import { told } from './told';

const count = z.coerce.number();
const text = z.string();

const made = z.object({ databases: count, newPasswords: count.catch(0) });
const planned = z.object({ snapshot: z.literal('held'), tables: count });
const concluded = z.object({ rows: count, bytes: count });
const held = z.object({ slots: z.array(z.object({ database: text, slot: text, publication: text })) });

/** A copy; null where the run did not come so far. */
export interface CopyFacts {
  readonly databases: number;
  /** Roles whose password is new on the target. */
  readonly newPasswords: number;
  readonly tables: number | null;
  readonly rows: number | null;
  readonly wireBytes: number | null;
  /** The slots that were made together with the snapshots. */
  readonly slots: z.infer<typeof held>['slots'];
}

/** Reads a copy out of the last answers of its steps; null on the snapshot road. */
export function copyFacts(last: (step: StepName) => unknown): CopyFacts | null {
  const databases = told(made, last('make-databases'));
  if (databases === null) return null;
  const moved = told(concluded, last('conclude-rows'));
  return {
    ...databases,
    tables: told(planned, last('plan-rows'))?.tables ?? null,
    rows: moved?.rows ?? null,
    wireBytes: moved?.bytes ?? null,
    slots: told(held, last('hold-snapshot'))?.slots ?? [],
  };
}
