/**
 * How later changes follow, behind one interface: the steps ask for an engine and know none of them by name.
 *
 *   source:  offer (what may follow)  ->  slot            target:  join (who follows)  ->  follow, from where the rows end
 *
 * The tap of the proof reads a publication with every engine (decision 24).
 */

import type { Endpoint } from '../../contract/instance';
import type { EngineName } from '../../contract/settings';
import type { Expectation } from '../ledger';
import type { Credentials, Server, Session } from '../postgres';
import type { OutputPlugin } from '../snapshot-holder';
import type { World } from '../world';

/** A table whose changes follow; `inserts`: of new rows alone, because nothing tells its rows apart. */
export interface OfferedTable {
  readonly schema: string;
  readonly name: string;
  readonly changes: 'all' | 'inserts';
}

/** What a source offers to whom. */
export interface Offer {
  readonly expected: Expectation;
  readonly tables: readonly OfferedTable[];
}

/** What the target's server follows with. */
export interface Following {
  readonly world: World;
  /** The role that reads from the source. */
  readonly replication: Credentials;
  readonly sourceEndpoint: Endpoint;
  readonly sourceMajor: number;
}

/** How the follower of one database stands. */
export interface FollowerState {
  readonly enabled: boolean;
  /** Its worker runs. */
  readonly working: boolean;
  /** Failures that were counted since it was made; null where nobody counts them. */
  readonly failures: number | null;
}

/** What a follower is ended with. */
export interface Concluding {
  readonly world: Pick<World, 'remainingMs' | 'log'>;
  readonly expected: Expectation;
}

/** An engine. */
export interface Engine {
  readonly name: EngineName;
  /** A worker that is down for so long has failed once, where nobody counts failures; null where somebody does. */
  readonly retrySeconds: number | null;
  /** Its reader holds the slot all the time; else only the follower on the target tells whether anybody reads. */
  readonly holdsSlot: boolean;
  /** What the slot of its stream hands out changes with. */
  readonly outputPlugin: OutputPlugin;
  /** Name of the slot on the source that carries a database's changes; `facts` are those of its ledger there. */
  slotOf(facts: Readonly<Record<string, unknown>>, migrationId: string, database: string): string;
  /** Offers the tables of the session's database beside its publication; what is offered already is left. */
  offer(session: Session<'source'>, offer: Offer): Promise<void>;
  /** Whether `join` does anything. */
  readonly joins: boolean;
  /** Gets the target's database ready to follow, without a change flowing yet. */
  join(session: Session<'target'>, following: Following): Promise<void>;
  /** Throws `Blocked` when the target's server cannot run followers for so many more databases. */
  assertCapacity(home: Session<'target'>, missing: number): Promise<void>;
  /** Name of the follower on the target, for people. */
  followerName(migrationId: string, database: string): string;
  /** What a person runs to let a disabled follower run again. */
  enableCommand(migrationId: string, database: string): string;
  /**
   * Lets the target follow from `startLsn` on, once: what runs is never moved again. True when it did not follow before. Throws
   * `Blocked` when something else has the follower's name, or it is gone.
   */
  follow(session: Session<'target'>, startLsn: string, following: Following): Promise<boolean>;
  /** True when the target follows already, by a follower of ours. */
  follows(session: Session<'target'>, migrationId: string): Promise<boolean>;
  /** Has a worker that is down started again now; nothing else is changed. */
  wake(session: Session<'target'>, migrationId: string): Promise<void>;
  /**
   * Ends the follower before applications write, and brings back what stood in its way, when all that it had to bring is there; it does
   * not follow again. Once per database; does nothing where apply leaves nothing behind. Throws `Blocked` naming what cannot come back.
   */
  conclude(target: Server<'target'>, database: string, concluding: Concluding): Promise<void>;
  /** How the follower stands; null when there is none. */
  state(session: Session<'target'>, migrationId: string): Promise<FollowerState | null>;
}

/**
 * Failures of a follower: those that were counted, or as many as a worker that is down must have had since the newest heartbeat arrived;
 * both times in seconds by the source's clock. Null where neither is known.
 */
export function failuresOf(
  { retrySeconds }: Pick<Engine, 'retrySeconds'>,
  { failures, working }: FollowerState,
  { beatAt, arrivedAt }: { readonly beatAt: number; readonly arrivedAt: number | null },
): number | null {
  if (retrySeconds === null) return failures;
  return working || arrivedAt === null ? 0 : Math.floor(Math.max(0, beatAt - arrivedAt) / retrySeconds);
}
