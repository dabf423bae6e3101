/**
 * Follows a copy from outside while its steps are at work: how far the queues are in the ledgers of the target's databases. A step
 * answers after minutes only. Sessions last for one look, because a database that begins anew is dropped.
 */
import type { PostgresServer } from '../servers/postgres-server';
import type { Tell, Untimed } from './events';

/** What is followed. */
export interface CopyWatchProps {
  /** Null before its birth. */
  target(): PostgresServer | null;
  readonly databases: readonly string[];
  /** Whether something is queued, and not yet all of it done. */
  underWay(): boolean;
}

/** How far the queues of a database are. */
export interface CopyQueues {
  /** Tables and what else comes before the rows. */
  readonly before: Share;
  /** Bytes of the tables on the source, by the estimate of the plan. */
  readonly rows: Share;
  readonly indexes: Share;
  /** Everything else that comes after the rows. */
  readonly after: Share;
}

interface Share {
  readonly done: number;
  readonly total: number;
}

const EVERY_MS = 1_000;

/** Items that were divided count by their parts. */
const QUEUES = `
  select kind, sum(size)::float8 as total, coalesce(sum(size) filter (where done), 0)::float8 as done
    from (select case when queue = 'copy' then 'rows' when queue = 'copy-pre-data' then 'before'
                      when payload ->> 'what' = 'index' then 'indexes' else 'after' end as kind,
                 case when queue = 'copy' then (payload ->> 'bytes')::numeric
                      else jsonb_array_length(payload -> 'objects') end as size,
                 state = 'done' as done
            from sealift.work
           where queue in ('copy', 'copy-pre-data', 'copy-post-data')
             and coalesce(result ->> 'divided', 'false') = 'false') as items
   group by kind`;

/** Looks once a second; answers a function that ends it. */
export function watchCopy(props: CopyWatchProps, tell: Tell): () => Promise<void> {
  const ending = new AbortController();
  const loop = run(props, tell, ending.signal);
  return async () => {
    ending.abort();
    await loop;
  };
}

async function run(props: CopyWatchProps, tell: Tell, signal: AbortSignal): Promise<void> {
  // Ends with the signal; a look that fails, because a server or a database is going away, is one less.
  while (!signal.aborted) {
    const target = props.underWay() ? props.target() : null;
    const queues = target === null ? null : await look(target, props.databases).catch(() => null);
    const amount = queues && copyAmount(queues);
    if (amount && !signal.aborted) tell(amount);
    await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
  }
}

/** What the queues say, in the order in which they are emptied; null when there is nothing to do. */
export function copyAmount({ before, rows, indexes, after }: CopyQueues): Untimed | null {
  const parts = [
    { doing: 'making tables', unit: 'steps', ...before },
    { doing: 'copying rows', unit: 'bytes', ...rows },
    { doing: 'making indexes', unit: 'indexes', ...indexes },
    { doing: 'making keys and the rest', unit: 'steps', ...after },
  ] as const;
  // Indexes are queued before it is known which rows there are.
  const queued = rows.total === 0 ? parts.slice(0, 1) : parts;
  const open = queued.find(({ done, total }) => done < total);
  return open === undefined ? null : { kind: 'progress', phase: 'Replicate', ...open };
}

async function look(target: PostgresServer, databases: readonly string[]): Promise<CopyQueues> {
  const found = await Promise.all(
    databases.map((database) =>
      target.withAdmin(database, async (session) => {
        const { rows } = await session.query<{ kind: keyof CopyQueues } & Share>(QUEUES);
        return rows;
      }),
    ),
  );
  const all = found.flat();
  const share = (wanted: keyof CopyQueues): Share => {
    const own = all.filter(({ kind }) => kind === wanted);
    return {
      done: own.reduce((sum, { done }) => sum + done, 0),
      total: own.reduce((sum, { total }) => sum + total, 0),
    };
  };
  return { before: share('before'), rows: share('rows'), indexes: share('indexes'), after: share('after') };
}
