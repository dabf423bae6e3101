/** A client that never looks the database's name up again: it goes on asking the server that it once found. */
import { connect, type Login } from '../../lib/rehearsal/run/master-session';
import type { PostgresServer } from '../../lib/rehearsal/servers/postgres-server';

/** What the server says of a role that may not log in. */
const CLOSED = '28000';

/** Pause between two attempts. */
const PAUSE_MS = 50;

/** What became of its attempts. */
export interface Stubborn {
  /** Before its role was closed. */
  readonly accepted: number;
  /** After it was refused for the first time because its role was closed. */
  readonly acceptedAgain: number;
  /** Refused because its role was closed. */
  readonly refused: number;
}

/** Starts one; what it answers ends it. */
export function startStubbornClient(server: PostgresServer, login: Login, database: string): () => Promise<Stubborn> {
  let ended = false;
  let accepted = 0;
  let acceptedAgain = 0;
  let refused = 0;
  const work = (async () => {
    while (!ended) {
      try {
        const session = await connect(server, login, database);
        await session.query('begin; insert into rehearsal.writes (writer, number) values (0, 0); rollback');
        await session.end();
        if (refused === 0) accepted += 1;
        else acceptedAgain += 1;
      } catch (error) {
        // A session that the fence ends hears something else.
        if ((error as { readonly code?: string }).code === CLOSED) refused += 1;
      }
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  })();
  return async () => {
    ended = true;
    await work;
    return { accepted, acceptedAgain, refused };
  };
}
