/**
 * Does the items of a schema's queue, several side by side, each in a detached session: a build goes on when this worker ends, and
 * commits with its mark. The next worker finds it by the session's name and waits for it.
 */
import { assertCurrent, type Expectation } from '../../platform/ledger';
import { migrationPrefix } from '../../platform/names';
import type { Server, Session } from '../../platform/postgres';
import type { World } from '../../platform/world';
import { Crew, type CrewOptions, type OpenItem } from './crew';
import type { What } from './items';
import * as sql from './sql/items';

/** How a queue is emptied. */
export interface MakeOptions extends CrewOptions {
  readonly expected: Expectation;
}

/** How far a queue is. */
export interface MakeProgress {
  /** Items that are not done. */
  readonly left: number;
  readonly counts: Readonly<Partial<Record<What, { readonly done: number; readonly total: number }>>>;
  /** For people, such as `Created 2090/2091 indexes`. */
  readonly text: string;
}

/** A worker begins nothing this long before the Lambda ends. */
export const RESERVE_MS = 15_000;
/** How often the queue is looked at while something runs. */
export const POLL_MS = 250;

/** Works until nothing is left or the time is over. Throws `Blocked` naming the object that the target refuses. */
export async function makeItems(target: Server<'target'>, options: MakeOptions, world: World): Promise<MakeProgress> {
  const ledger = await target.session(options.database);
  await assertCurrent(ledger, options.expected);
  const crew = new Crew(target, options, world);
  try {
    // A look at the queue reads all of it: what it found is worked off before the next one, or a queue would cost its square.
    let open: readonly OpenItem[] = [];
    // Every turn begins an item, waits for one that runs, or finds none left; the time budget bounds it.
    while (world.remainingMs() > RESERVE_MS) {
      const running = await ledger.query<OpenItem>(sql.runningItems(options.queue, migrationPrefix(world.migrationId)));
      open = await crew.begin(open, running);
      if (crew.hasRoom(running)) {
        const found = await ledger.query<OpenItem>(sql.openItems(options.queue));
        if (found.length === 0) break;
        open = await crew.begin(found, running);
      }
      await crew.next(POLL_MS);
    }
    return await tellProgress(ledger, options.queue, world);
  } finally {
    await crew.leave();
  }
}

/** How far a queue is, which is logged. */
export async function tellProgress(ledger: Session, queue: string, world: World): Promise<MakeProgress> {
  const progress = await readProgress(ledger, queue);
  world.log.fact('schema made', { queue, left: progress.left, progress: progress.text });
  return progress;
}

/** How far a queue is. */
export async function readProgress(ledger: Session, queue: string): Promise<MakeProgress> {
  const rows = await ledger.query<{ what: What; total: number; done: number; left: number }>(sql.progressOf(queue));
  const counts = Object.fromEntries(rows.map(({ what, total, done }) => [what, { done, total }]));
  const left = rows.reduce((sum, row) => sum + row.left, 0);
  const indexes = counts.index;
  const keys = counts['foreign key'];
  const blocks = await ledger.one<{ done: string; total: string }>(sql.buildProgress);
  const percent = Math.floor((Number(blocks.done) / Number(blocks.total)) * 100);
  const words = [
    ...(indexes === undefined ? [] : [`Created ${indexes.done}/${indexes.total} indexes`]),
    ...(keys === undefined ? [] : [`checked ${keys.done}/${keys.total} foreign keys`]),
    ...(Number(blocks.total) > 0 ? [`${percent}% of what is being built is read`] : []),
  ];
  return { left, counts, text: words.length > 0 ? words.join(', ') : `${left} steps left` };
}
