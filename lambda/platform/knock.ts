/** A connection to something that speaks PostgreSQL and lets us in no further: TLS verified in full, then the first message. */
import { connect, type Socket } from 'node:net';
import { rootCertificates, connect as secure } from 'node:tls';
import { NotReady } from '../errors';
import { certificateAuthorities } from './certificate-authorities';

/** SSLRequest, and the answer that grants it (protocol, "Message Formats"). */
const SSL_REQUEST = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]);
const GRANTED = 'S';

/** Version 3.0 of the protocol. */
const VERSION = 196_608;

/** Who knocks: a role that nobody has, so that no login can come of it. */
const NOBODY = 'sealift_canary';

/** First bytes of the answers to a startup message: a question for credentials, an error, which an unknown role may be. */
const ANSWERS = ['R', 'E'];

/** SQLSTATE classes of a server that is there and cannot serve. */
const UNABLE = /^(?:08|53|57|58|XX)/;

const KNOCK_MS = 5_000;

/** Where to knock. */
export interface KnockedDoor {
  readonly host: string;
  readonly port: number;
  /** PEM of further certificate authorities; empty when none. */
  readonly trustedCa: string;
}

/**
 * Connects, asks for TLS, verifies the certificate for `host` by the public authorities, Amazon RDS's and `trustedCa`, sends a startup
 * message and waits for the first answer. Throws `NotReady` when there is none, or one of a server that cannot serve.
 */
export async function knock(door: KnockedDoor): Promise<void> {
  const socket = connect({ host: door.host, port: door.port });
  try {
    await within(exchange(socket, door));
  } catch (error) {
    const reason =
      error instanceof Error ? ((error as NodeJS.ErrnoException).code ?? error.message) : 'an unknown failure';
    throw new NotReady(`nobody opened at port ${door.port} of the proxy: ${reason}`, { cause: error });
  } finally {
    socket.destroy();
  }
}

async function exchange(socket: Socket, { host, trustedCa }: KnockedDoor): Promise<void> {
  socket.write(SSL_REQUEST);
  const granted = (await firstBytes(socket)).toString('latin1');
  if (granted !== GRANTED) throw new Error('it grants no TLS');
  const ca = [...rootCertificates, ...certificateAuthorities(trustedCa)];
  const channel = secure({ socket, servername: host, ca });
  channel.write(startup());
  const answer = await firstBytes(channel);
  const kind = answer.toString('latin1', 0, 1);
  if (!ANSWERS.includes(kind)) throw new Error('it does not speak the protocol of PostgreSQL');
  const state = kind === 'E' ? sqlState(answer) : '';
  if (UNABLE.test(state)) throw new Error(`it answers with SQLSTATE ${state}`);
}

function startup(): Buffer {
  const fields = Buffer.from(`user\0${NOBODY}\0database\0postgres\0\0`, 'utf8');
  const head = Buffer.alloc(8);
  head.writeInt32BE(head.length + fields.length, 0);
  head.writeInt32BE(VERSION, 4);
  return Buffer.concat([head, fields]);
}

/** Field `C` of an error message; empty without one. */
function sqlState(message: Buffer): string {
  const fields = message.subarray(5).toString('latin1').split('\0');
  return fields.find((field) => /^C[0-9A-Z]{5}$/.test(field))?.slice(1) ?? '';
}

function firstBytes(socket: Socket): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('it closed the connection')));
    socket.once('data', (data: Buffer) => {
      socket.pause();
      resolve(data);
    });
  });
}

async function within(work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${KNOCK_MS} ms`)), KNOCK_MS);
  });
  work.catch(() => undefined);
  try {
    await Promise.race([work, over]);
  } finally {
    clearTimeout(timer);
  }
}
