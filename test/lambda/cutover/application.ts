/** An application under the cutover: its schema with sequences and views of every kind, and clients that keep a ledger of commits. */
import { checkServerIdentity } from 'node:tls';
import { Client } from 'pg';
import type { PostgresServer } from '../../../lib/rehearsal/servers/postgres-server';
import { MASTER } from '../seed/stage';
import type { Rig } from './rig';

/** Sequences beside those of identity columns. */
export const SEQUENCES = ['falling', 'round', 'cached', 'untouched', 'alone', 'written_id_seq', 'keyed_id_seq'];

/** Makes the application's objects on the source, before anything is copied. */
export async function fillApplication(source: PostgresServer): Promise<void> {
  await source.withAdmin('postgres', async (session) => {
    await session.query('create role lonely nologin');
    if (source.major >= 16) {
      await session.query(`grant lonely to ${MASTER.username} with admin option, inherit false, set false`);
    }
  });
  await source.withAdmin('app', (session) =>
    session.query(`
      create table written (id bigint generated always as identity primary key, client int not null, n int not null,
        unique (client, n));
      create sequence falling increment by -3 start with -1;
      create sequence round maxvalue 5 cycle;
      create sequence cached cache 50;
      create sequence untouched start with 77;
      create sequence alone increment by 10;
      create materialized view summary as select count(*) as rows from written;
      create materialized view above as select rows + 1 as rows from summary;
      grant select, insert, update, delete on written, keyed, keyless, uniquely, nothing, parted to app_writer;
      grant usage, select, update on all sequences in schema public to app_writer;
      grant select on written to lonely;
      alter table written owner to app_owner;
      alter sequence falling owner to app_owner;
      alter sequence round owner to app_owner;
      alter sequence cached owner to app_owner;
      alter sequence untouched owner to app_owner;
      alter sequence alone owner to lonely;
      alter materialized view summary owner to lonely;
      alter materialized view above owner to lonely`),
  );
}

/** Clients of the application as role `app_writer`; each writes one transaction after another where the record leads. */
export class Application {
  /** `client:n` of every acknowledged commit, with the port that acknowledged it and when. */
  readonly acknowledged = new Map<string, { readonly port: number; readonly at: number }>();
  readonly ports = new Set<number>();
  private stopping = false;
  private readonly running: Promise<void>[];

  constructor(
    private readonly rig: Rig,
    clients: number,
    private readonly pauseMs = 0,
  ) {
    this.running = Array.from({ length: clients }, (_, client) => this.run(client));
  }

  /** Waits until `count` more commits were acknowledged. */
  async progress(count: number): Promise<void> {
    const wanted = this.acknowledged.size + count;
    for (let look = 0; look < 3_000 && this.acknowledged.size < wanted; look += 1) await pause(10);
    if (this.acknowledged.size < wanted) throw new Error('the application does not get on');
  }

  async stop(): Promise<void> {
    this.stopping = true;
    await Promise.all(this.running);
  }

  /** Acknowledged commits that a server does not hold. */
  async missingOn(server: PostgresServer): Promise<string[]> {
    return server.withAdmin('app', async (session) => {
      const { rows } = await session.query<{ key: string }>(`select client || ':' || n as key from written`);
      const there = new Set(rows.map(({ key }) => key));
      return [...this.acknowledged.keys()].filter((key) => !there.has(key));
    });
  }

  private async run(client: number): Promise<void> {
    let n = 0;
    while (!this.stopping) {
      const port = this.rig.resolve();
      const session = await connect(this.rig, port).catch(() => null);
      if (session === null) {
        await pause(10);
        continue;
      }
      n = await this.write(session, port, client, n);
      await session.end().catch(() => undefined);
    }
  }

  private async write(session: Client, port: number, client: number, first: number): Promise<number> {
    for (let n = first; ; n += 1) {
      if (this.stopping) return n;
      try {
        await session.query('begin');
        await session.query('insert into written (client, n) values ($1, $2)', [client, n]);
        await session.query('update keyed set body = $1 where id = $2', [
          `${client}:${n}`,
          1 + ((client * 97 + n) % 900),
        ]);
        await session.query(`select nextval('falling'), nextval('round'), nextval('cached'), nextval('alone')`);
        await session.query('commit');
        this.acknowledged.set(`${client}:${n}`, { port, at: Date.now() });
        this.ports.add(port);
      } catch {
        // Whether it was committed is not known: the next number is taken.
        return n + 1;
      }
      if (this.pauseMs > 0) await pause(this.pauseMs);
    }
  }
}

/** A connection as the application's role. */
export async function connect(rig: Rig, port: number): Promise<Client> {
  const client = new Client({
    host: '127.0.0.1',
    port,
    user: 'app_writer',
    password: 'writer',
    database: 'app',
    application_name: 'application',
    connectionTimeoutMillis: 5_000,
    ssl: {
      ca: rig.source.caPem,
      checkServerIdentity: (_, certificate) => checkServerIdentity('127.0.0.1', certificate),
    },
  });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return client;
  } catch (error) {
    await client.end().catch(() => undefined);
    throw error;
  }
}

/** Value and state of every sequence of the application. */
export async function sequenceStates(server: PostgresServer): Promise<Record<string, string>> {
  return server.withAdmin('app', async (session) => {
    const states: Record<string, string> = {};
    for (const name of SEQUENCES) {
      const { rows } = await session.query(`select last_value || ' ' || is_called as state from ${name}`);
      states[name] = rows[0].state;
    }
    return states;
  });
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
