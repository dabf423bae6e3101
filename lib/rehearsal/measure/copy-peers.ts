/** What else copies a database with its indexes and constraints, each as somebody who wants it fast would run it. */
import { join } from 'node:path';
import type { Client } from 'pg';
import type { PostgresServer } from '../servers/postgres-server';
import { addressOf, namedBy, type Reached, runClient, versionOf, withDirectory } from './client-tools';

/** Where a peer copies: from a loaded database into an empty one. */
export interface PeerPlace {
  readonly source: PostgresServer;
  readonly target: PostgresServer;
  /** The same databases, to superusers of the same name and password. */
  readonly from: Reached;
  readonly to: Reached;
  /** Workers, for everything that the peer does side by side. */
  readonly jobs: number;
  readonly signal: AbortSignal;
}

/** A way of copying that Sealift is held beside. */
export interface CopyPeer {
  readonly name: string;
  /** Programs that it needs on the path; their Debian package is named where one is missing. */
  readonly programs: readonly string[];
  readonly debianPackage: string;
  /** Makes ready what takes no part in the time, such as a setting. @default nothing */
  readonly prepare?: (place: PeerPlace) => Promise<void>;
  /** Copies: what is timed. */
  copy(place: PeerPlace): Promise<void>;
  /** Removes what it left on the source. @default nothing is left */
  readonly clear?: (place: PeerPlace) => Promise<void>;
}

/** Owners and grants are left out of the peers' work; Sealift makes them. */
const PLAIN = ['--no-owner', '--no-acl'];

/** A table above this is copied by several workers, as Sealift does. */
const SPLIT_ABOVE = '256MB';

/** Publication and subscription of the third peer. */
const STREAM = 'contest';

/** How often a subscription is asked whether its tables are in. */
const POLL_MS = 50;

/** The peers, in the order of the first run. */
export const COPY_PEERS: readonly CopyPeer[] = [
  {
    name: 'pgcopydb clone',
    programs: ['pgcopydb', 'pg_dump', 'pg_restore'],
    debianPackage: 'pgcopydb',
    copy: (place) =>
      withDirectory((directory) =>
        runClient(
          'pgcopydb',
          [
            'clone',
            ...['--source', addressOf(place.from), '--target', addressOf(place.to)],
            ...['--dir', join(directory, 'work'), '--split-tables-larger-than', SPLIT_ABOVE],
            ...['--table-jobs', String(place.jobs), '--index-jobs', String(place.jobs), ...PLAIN],
          ],
          clientOf(place),
        ),
      ),
  },
  {
    name: 'pg_dump | pg_restore',
    programs: ['pg_dump', 'pg_restore'],
    debianPackage: 'postgresql-client-15',
    copy: (place) =>
      withDirectory(async (directory) => {
        const path = join(directory, 'dump');
        const jobs = ['--jobs', String(place.jobs)];
        // Compression would only cost: the dump stays on this machine.
        const dump = ['--format', 'directory', '--compress', '0', '--file', path, ...jobs, ...PLAIN];
        await runClient('pg_dump', [...dump, ...namedBy(place.from)], clientOf(place));
        await runClient('pg_restore', [...namedBy(place.to), ...jobs, ...PLAIN, path], clientOf(place));
      }),
  },
  {
    name: 'subscription',
    programs: ['pg_dump', 'pg_restore'],
    debianPackage: 'postgresql-client-15',
    prepare: ({ target, jobs }) =>
      target.withAdmin('postgres', async (session) => {
        await session.query(`alter system set max_sync_workers_per_subscription = ${jobs}`);
        await session.query('select pg_reload_conf()');
      }),
    copy: (place) =>
      withDirectory(async (directory) => {
        await copySection(place, 'pre-data', directory);
        await subscribe(place);
        await copySection(place, 'post-data', directory);
      }),
    clear: async ({ source, target, from, to }) => {
      await target.withAdmin(to.database, async (session) => {
        await session.query(`drop subscription if exists ${STREAM}`);
      });
      await source.withAdmin(from.database, async (session) => {
        await session.query(`drop publication if exists ${STREAM}`);
      });
    },
  },
];

/** The peers that this machine has, with the versions of their programs, and what those lack that it has not. */
export async function peersHere(): Promise<{
  readonly peers: readonly CopyPeer[];
  readonly versions: readonly string[];
  readonly missing: readonly { readonly name: string; readonly reason: string }[];
}> {
  const programs = [...new Set(COPY_PEERS.flatMap((peer) => peer.programs))];
  const found = new Map(
    await Promise.all(programs.map(async (program) => [program, await versionOf(program)] as const)),
  );
  const lacks = (peer: CopyPeer) => peer.programs.filter((program) => found.get(program) === null);
  return {
    peers: COPY_PEERS.filter((peer) => lacks(peer).length === 0),
    versions: [...found.values()].flatMap((version) => version ?? []),
    missing: COPY_PEERS.filter((peer) => lacks(peer).length > 0).map((peer) => ({
      name: peer.name,
      reason: `no ${lacks(peer).join(', ')} on the path: apt-get install ${peer.debianPackage}`,
    })),
  };
}

function clientOf({ from, signal }: PeerPlace): { readonly password: string; readonly signal: AbortSignal } {
  return { password: from.password, signal };
}

async function copySection(place: PeerPlace, section: 'pre-data' | 'post-data', directory: string): Promise<void> {
  const path = join(directory, section);
  const dump = ['--format', 'custom', '--compress', '0', '--section', section, '--file', path];
  const without = ['--no-publications', '--no-subscriptions', ...PLAIN];
  await runClient('pg_dump', [...dump, ...without, ...namedBy(place.from)], clientOf(place));
  const jobs = ['--jobs', String(place.jobs)];
  await runClient('pg_restore', [...namedBy(place.to), ...jobs, ...without, path], clientOf(place));
}

/** Copies the rows of every table; returns when all of them are in. */
async function subscribe({ source, target, from, to, signal }: PeerPlace): Promise<void> {
  await source.withAdmin(from.database, (session) => session.query(`create publication ${STREAM} for all tables`));
  await target.withAdmin(to.database, async (session) => {
    const words = `host=127.0.0.1 port=${from.port} dbname=${from.database} user=${from.user} password=${from.password} sslmode=require`;
    await session.query(
      `create subscription ${STREAM} connection ${session.escapeLiteral(words)} publication ${STREAM}`,
    );
    while ((await tablesToCome(session)) > 0) {
      signal.throwIfAborted();
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  });
}

async function tablesToCome(session: Client): Promise<number> {
  const { rows } = await session.query<{ left: number }>(
    `select count(*)::int as left from pg_subscription_rel where srsubstate not in ('s', 'r')`,
  );
  return rows[0]?.left ?? 0;
}
