/** The VPC's resolver, as far as a switch asks: CNAME records of the hosted zones, as their servers answer them at this moment. */
import { createSocket, type Socket } from 'node:dgram';

const HEADER_BYTES = 12;
const TYPE_CNAME = 5;
const CLASS_IN = 1;

/** Flags of an answer: a response, authoritative, recursion available; the low four bits hold the code. */
const ANSWER_FLAGS = 0x8480;
const NO_SUCH_NAME = 3;
const NOT_IMPLEMENTED = 4;

/** A CNAME record. */
export interface Alias {
  readonly value: string;
  readonly ttlSeconds: number;
}

/** A resolver on the loopback, UDP. */
export interface NameServer {
  /** `127.0.0.1:<port>`, as `dns.setServers` takes it. */
  readonly address: string;
  close(): Promise<void>;
}

/** Starts the resolver; `lookUp` answers a name in lower case without a trailing dot, null when there is no such record. */
export async function startNameServer(lookUp: (name: string) => Alias | null): Promise<NameServer> {
  const socket = createSocket('udp4');
  socket.on('message', (question, from) => {
    const answer = answerTo(question, lookUp);
    if (answer !== null) socket.send(answer, from.port, from.address);
  });
  // Whoever asked and is gone cannot be told: nothing else fails here.
  socket.on('error', () => undefined);
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  // The resolver alone keeps no process alive.
  socket.unref();
  return { address: `127.0.0.1:${socket.address().port}`, close: () => closed(socket) };
}

function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.close(() => resolve()));
}

/** Null for what is no question. */
function answerTo(message: Buffer, lookUp: (name: string) => Alias | null): Buffer | null {
  if (message.length < HEADER_BYTES || message.readUInt16BE(4) !== 1) return null;
  const labels: string[] = [];
  let at = HEADER_BYTES;
  // Every label moves the position on, and the message ends.
  for (let length = message[at]; length !== undefined && length > 0; length = message[at]) {
    labels.push(message.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
  const end = at + 5;
  if (end > message.length) return null;
  const question = message.subarray(HEADER_BYTES, end);
  const type = message.readUInt16BE(at + 1);
  const alias = lookUp(labels.join('.').toLowerCase());
  if (type !== TYPE_CNAME) return packet(message, question, NOT_IMPLEMENTED, null);
  return packet(message, question, alias === null ? NO_SUCH_NAME : 0, alias);
}

function packet(message: Buffer, question: Buffer, code: number, alias: Alias | null): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt16BE(message.readUInt16BE(0), 0);
  header.writeUInt16BE(ANSWER_FLAGS | code, 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(alias === null ? 0 : 1, 6);
  return Buffer.concat([header, question, ...(alias === null ? [] : [record(alias)])]);
}

/** The record's name is the question's, at the first byte behind the header. */
function record({ value, ttlSeconds }: Alias): Buffer {
  const name = encoded(value);
  const head = Buffer.alloc(12);
  head.writeUInt16BE(0xc000 | HEADER_BYTES, 0);
  head.writeUInt16BE(TYPE_CNAME, 2);
  head.writeUInt16BE(CLASS_IN, 4);
  head.writeUInt32BE(ttlSeconds, 6);
  head.writeUInt16BE(name.length, 10);
  return Buffer.concat([head, name]);
}

function encoded(name: string): Buffer {
  const labels = name.split('.').filter(Boolean);
  return Buffer.concat([
    ...labels.map((label) => Buffer.from([label.length, ...Buffer.from(label, 'latin1')])),
    Buffer.of(0),
  ]);
}
