/** Makes what rows need no longer wait for, in all databases at once, while the workers copy them in any order. */
import { assertCurrent } from '../../platform/ledger';
import { migrationPrefix } from '../../platform/names';
import type { Server, Session } from '../../platform/postgres';
import { countQueue } from '../../platform/queue';
import type { World } from '../../platform/world';
import { Crew, type CrewOptions, type OpenItem } from './crew';
import { EARLY_STAGES } from './items';
import { type MakeOptions, type MakeProgress, POLL_MS, RESERVE_MS, tellProgress } from './make';
import * as sql from './sql/items';

/** What is made, and the rows that still come. */
export interface EarlyOptions extends Omit<MakeOptions, 'database'> {
  readonly databases: readonly string[];
  /** Name of the queue of rows in the same ledgers. */
  readonly rowsQueue: string;
  /** Whether anybody can still copy; asked for while nothing can be made. */
  coming(): Promise<boolean>;
}

/** One database. */
interface Site {
  readonly ledger: Session;
  readonly crew: Crew;
  /** Items of rows that are not in. */
  awaited: number;
  open: readonly OpenItem[];
  running: readonly OpenItem[];
  /** What stood when `open` was read. */
  seen: string;
}

/**
 * Makes the early items of every table as soon as its rows are in, until no more rows come; what runs then goes on, and is found
 * by who makes the rest. Nothing is waited for on behalf of rows that nobody copies any more: `left` is 0 then. Throws `Blocked`
 * naming the object that the target refuses.
 */
export async function makeEarly(
  target: Server<'target'>,
  options: EarlyOptions,
  world: World,
): Promise<Pick<MakeProgress, 'left' | 'text'>> {
  const sites: Site[] = [];
  for (const database of options.databases) sites.push(await siteAt(target, { ...options, database }, world));
  const countAwaited = async (): Promise<void> => {
    for (const site of sites) site.awaited = await openOf(site.ledger, options.rowsQueue);
  };
  let rowsEnded = false;
  await countAwaited();
  try {
    // Every turn begins what is ready, or waits for rows or a build; it ends with the rows, with their copy, or with the time.
    while (sites.some(({ awaited }) => awaited > 0) && world.remainingMs() > RESERVE_MS) {
      for (const site of sites) await look(site, options, world);
      for (const site of sites)
        site.open = await site.crew.begin(site.open, site.running, roomFor(site, sites, options));
      const idle = sites.every(({ crew, running }) => crew.idles && running.length === 0);
      rowsEnded = idle && !(await options.coming());
      if (rowsEnded) break;
      await Promise.race(sites.map(({ crew }) => crew.next(POLL_MS)));
      await countAwaited();
    }
    return await progressOf(sites, options.queue, rowsEnded, world);
  } finally {
    for (const { crew } of sites) await crew.leave();
  }
}

async function siteAt(
  target: Server<'target'>,
  options: CrewOptions & Pick<EarlyOptions, 'expected'>,
  world: World,
): Promise<Site> {
  const ledger = await target.session(options.database);
  await assertCurrent(ledger, options.expected);
  return { ledger, crew: new Crew(target, options, world), awaited: 0, open: [], running: [], seen: '' };
}

/** Reads the queue again only when rows came in or something ended: each look at it reads all of it. */
async function look(site: Site, { queue, rowsQueue }: EarlyOptions, world: World): Promise<void> {
  site.running = await site.ledger.query<OpenItem>(sql.runningItems(queue, migrationPrefix(world.migrationId)));
  const stand = `${site.awaited} ${site.crew.ended} ${site.running.length}`;
  if (stand !== site.seen) {
    site.open = await site.ledger.query<OpenItem>(sql.earlyItems(queue, rowsQueue, EARLY_STAGES));
  }
  site.seen = stand;
}

/** The builds of all databases are one budget. */
function roomFor(site: Site, sites: readonly Site[], { parallel }: EarlyOptions): number {
  const elsewhere = sites.filter((other) => other !== site);
  return elsewhere.reduce((room, { crew, running }) => room - crew.underWay(running).size, parallel);
}

async function progressOf(
  sites: readonly Site[],
  queue: string,
  rowsEnded: boolean,
  world: World,
): Promise<Pick<MakeProgress, 'left' | 'text'>> {
  const texts: string[] = [];
  for (const { ledger } of sites) texts.push((await tellProgress(ledger, queue, world)).text);
  const unfinished = sites.findIndex(({ awaited }) => awaited > 0);
  const left = rowsEnded ? 0 : sites.reduce((sum, { awaited }) => sum + awaited, 0);
  return { left, text: texts[Math.max(0, unfinished)] ?? 'nothing to make' };
}

async function openOf(ledger: Session, queue: string): Promise<number> {
  return (await ledger.one<{ open: number }>(countQueue(queue))).open;
}
