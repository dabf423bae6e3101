/**
 * Runs pg_dump, as WebAssembly in a thread of its own, over a connection of ours that is logged in already: TLS and password
 * stay with our driver, the thread sees neither. Ends with its connection, its time or its memory, whichever is first.
 */
import { existsSync } from 'node:fs';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';
import { type Client, DatabaseError } from 'pg';
import { NotReady } from '../errors';
import { PG_DUMP_WORKER } from './pg-dump-worker';

/** The package's file; its `.wasm` lies beside it. */
const PG_DUMP_PACKAGE = '@electric-sql/pglite-tools/pg_dump';

/** The file's name where a step was bundled. */
export const BUNDLED_PG_DUMP = 'pg_dump.cjs';

/** Old space of the thread's JavaScript, in MiB; the dump's text lies there. */
export const DUMP_HEAP_MIB = 512;

/** What ends a pg_dump that does not end itself. */
export interface DumpLimits {
  readonly timeoutMs: number;
  /** Memory of pg_dump itself, in bytes; beside it the thread holds the dump and the largest answer of the server. */
  readonly memoryBytes: number;
}

/** Settings that libpq asks the server for when it connects. */
const GREETED = ['server_version', 'server_encoding', 'client_encoding', 'standard_conforming_strings'] as const;

type Message =
  | { readonly type: 'send'; readonly bytes: Uint8Array }
  | { readonly type: 'dump'; readonly text: string }
  | {
      readonly type: 'failure';
      readonly text: string;
      readonly error: { readonly sqlState: string; readonly message: string } | null;
    };

/**
 * What pg_dump writes with `args` over `client`, which belongs to it from now on and is cut at the end. Throws the driver's
 * error when the server refused a query, `NotReady` when the connection or the time ended, else an Error with pg_dump's words.
 */
export async function runPgDump(client: Client, args: readonly string[], limits: DumpLimits): Promise<string> {
  const greeting = await greetingOf(client);
  const socket = takeSocket(client);
  const { port1: ours, port2: theirs } = new MessageChannel();
  const signal = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(PG_DUMP_WORKER, {
    eval: true,
    name: 'pg_dump',
    env: {},
    execArgv: [],
    workerData: { port: theirs, signal, modulePath: modulePath(), args, greeting, memoryBytes: limits.memoryBytes },
    transferList: [theirs],
    resourceLimits: { maxOldGenerationSizeMb: DUMP_HEAP_MIB },
  });
  socket.on('data', (piece: Buffer) => {
    ours.postMessage(Uint8Array.from(piece));
    Atomics.add(signal, 0, 1);
    Atomics.notify(signal, 0);
  });
  const clock = { timer: undefined as NodeJS.Timeout | undefined };
  try {
    return await Promise.race([
      spoken(ours, socket),
      ended(worker, socket),
      new Promise<never>((_, reject) => {
        const seconds = Math.round(limits.timeoutMs / 1000);
        clock.timer = setTimeout(() => reject(new NotReady(`pg_dump was ended after ${seconds} s`)), limits.timeoutMs);
      }),
    ]);
  } finally {
    clearTimeout(clock.timer);
    socket.destroy();
    ours.close();
    await worker.terminate();
  }
}

/** Beside a bundle lies the package's file itself; from the sources it is the installed one. */
function modulePath(): string {
  const bundled = join(__dirname, BUNDLED_PG_DUMP);
  return existsSync(bundled) ? bundled : require.resolve(PG_DUMP_PACKAGE);
}

/** The server's side of a login: accepted, its settings, ready. A dump's strings mean the same to every reader of it. */
async function greetingOf(client: Client): Promise<Buffer> {
  await client.query("select set_config('standard_conforming_strings', 'on', false)");
  const { rows } = await client.query<{ name: string; value: string }>(
    'select name, current_setting(name) as value from unnest($1::text[]) as name',
    [GREETED],
  );
  const statuses = rows.map(({ name, value }) => wireMessage('S', Buffer.from(`${name}\0${value}\0`)));
  // Nobody cancels by this key: whoever wants an end to it cuts the connection.
  return Buffer.concat([
    wireMessage('R', Buffer.alloc(4)),
    ...statuses,
    wireMessage('K', Buffer.alloc(8)),
    wireMessage('Z', Buffer.from('I')),
  ]);
}

function wireMessage(type: string, body: Buffer): Buffer {
  const head = Buffer.alloc(5, type);
  head.writeUInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
}

/** The driver's socket, which the driver reads no more. */
function takeSocket(client: Client): Socket {
  const { stream } = (client as unknown as { connection: { stream: Socket } }).connection;
  stream.removeAllListeners('data');
  return stream;
}

/** Hands messages to the server until the dump is there. */
function spoken(port: MessagePort, socket: Socket): Promise<string> {
  return new Promise((resolve, reject) => {
    port.on('message', (message: Message) => {
      if (message.type === 'send') socket.write(message.bytes);
      else if (message.type === 'dump') resolve(message.text);
      else reject(failureOf(message.text, message.error));
    });
  });
}

/** Rejects when the connection or the thread ends first. */
function ended(worker: Worker, socket: Socket): Promise<never> {
  return new Promise((_, reject) => {
    socket.once('close', () => reject(new NotReady('the connection ended during pg_dump, it is tried again')));
    worker.once('error', (error: NodeJS.ErrnoException) => {
      reject(new Error(`the thread of pg_dump failed with ${error.code ?? error.name}`, { cause: error }));
    });
    worker.once('exit', (code) => reject(new Error(`the thread of pg_dump ended early with code ${code}`)));
  });
}

/** pg_dump's own words name objects, never rows: it reads none. What the server said is judged by the caller. */
function failureOf(text: string, error: { readonly sqlState: string; readonly message: string } | null): Error {
  if (error !== null) {
    return Object.assign(new DatabaseError(error.message, error.message.length, 'error'), { code: error.sqlState });
  }
  const [, words = ''] =
    text
      .split('pg_dump: ')
      .find((line) => line.startsWith('error: '))
      ?.match(/^error: ([^\n]{1,200})/) ?? [];
  return new Error(`pg_dump failed: ${words === '' ? 'it gave no reason' : words}`);
}
