/**
 * The program of the thread that runs pg_dump, as text: it runs from memory (`new Worker(source, { eval: true })`), so it is
 * the same in a bundle, under tsx and under jest. It is CommonJS and uses nothing but Node.js and the package named to it.
 *
 * pg_dump is WebAssembly and knows no waiting: what it writes must be answered before its call returns. So this thread sleeps
 * on shared memory until the host, which owns the socket, has put the answer into the port (facts G10).
 *
 * To the host: `{ type: 'send', bytes }` for the server, at the end `{ type: 'dump', text }` or `{ type: 'failure', text, error }`,
 * where `error` is the server's last one. From the host: pieces of the server's answer, each with a count in `signal`.
 */
export const PG_DUMP_WORKER = `'use strict';
const { receiveMessageOnPort, workerData } = require('node:worker_threads');
const { port, signal, modulePath, args, greeting, memoryBytes } = workerData;

// The name by which pg_dump speaks of itself.
process.argv[1] = 'pg_dump';

// Whatever pg_dump asks for, the thread's memory stays bounded: it says that memory is out and ends.
const Memory = WebAssembly.Memory;
WebAssembly.Memory = function ({ initial }) {
  return new Memory({ initial, maximum: Math.max(initial, Math.floor(memoryBytes / 65536)) });
};

// The package takes lines of psql out by an expression that would find them in the body of a function too.
const replace = RegExp.prototype[Symbol.replace];
RegExp.prototype[Symbol.replace] = function (text, by) {
  return this.source.includes('restrict') ? text : replace.call(this, text, by);
};

let lastError = null;
let taken = 0;

/** Sleeps until the host has put a piece of the answer into the port. */
function nextPiece() {
  for (;;) {
    const received = receiveMessageOnPort(port);
    if (received) return received.message;
    Atomics.wait(signal, 0, taken);
    taken = Atomics.load(signal, 0);
  }
}

function errorOf(body) {
  const fields = {};
  for (const field of body.toString('utf8').split('\\0')) fields[field[0]] = field.slice(1);
  return { sqlState: fields.C ?? '', message: fields.M ?? '' };
}

const ERROR_RESPONSE = 0x45;
const READY_FOR_QUERY = 0x5a;

/** Everything up to and with ReadyForQuery, in one piece. A message is followed by its length, whatever it is cut into. */
function answer() {
  const pieces = [];
  const head = Buffer.alloc(5);
  let headBytes = 0;
  let bodyBytes = 0;
  let body = [];
  for (;;) {
    const piece = Buffer.from(nextPiece());
    pieces.push(piece);
    for (let at = 0; at < piece.length; ) {
      if (headBytes < 5) {
        head[headBytes++] = piece[at++];
        if (headBytes === 5) bodyBytes = head.readUInt32BE(1) - 4;
      } else {
        const part = piece.subarray(at, at + bodyBytes);
        if (head[0] === ERROR_RESPONSE) body.push(part);
        at += part.length;
        bodyBytes -= part.length;
      }
      if (headBytes < 5 || bodyBytes > 0) continue;
      if (head[0] === ERROR_RESPONSE) lastError = errorOf(Buffer.concat(body));
      if (head[0] === READY_FOR_QUERY) return Buffer.concat(pieces);
      headBytes = 0;
      body = [];
    }
  }
}

const SSL_REQUEST = 80877103;
const GSS_REQUEST = 80877104;
let unsent = Buffer.alloc(0);
let greeted = false;

/** The host has logged in already, under TLS: pg_dump is told that whatever it says is accepted. */
function greet(code) {
  if (code === SSL_REQUEST || code === GSS_REQUEST) return Buffer.from('N');
  greeted = true;
  return Buffer.from(greeting);
}

/** Takes what pg_dump writes; hands whole messages to the host and waits where the server answers. */
function exchange(bytes, onRawData) {
  unsent = Buffer.concat([unsent, bytes]);
  for (;;) {
    const head = greeted ? 1 : 0;
    if (unsent.length < head + 4) return;
    const length = head + unsent.readUInt32BE(head);
    if (unsent.length < length) return;
    const message = Buffer.from(unsent.subarray(0, length));
    unsent = unsent.subarray(length);
    if (!greeted) {
      onRawData(greet(message.readUInt32BE(4)));
      continue;
    }
    if (message[0] === 0x58) continue;
    port.postMessage({ type: 'send', bytes: message });
    // A query or a Sync is what the server ends with ReadyForQuery.
    if (message[0] === 0x51 || message[0] === 0x53) onRawData(answer());
  }
}

const pg = {
  query: async () => ({ rows: [{ search_path: '' }] }),
  exec: async () => [],
  execProtocolRawStream: (bytes, { onRawData }) => exchange(bytes, onRawData),
};

// The host ends this thread when it has read the last message; a thread that ends by itself may be gone before.
setInterval(() => undefined, 60_000);

require(modulePath)
  .pgDump({ pg, args })
  .then((file) => file.text())
  .then(
    (text) => port.postMessage({ type: 'dump', text }),
    (error) => port.postMessage({ type: 'failure', text: String(error && error.message), error: lastError }),
  );
`;
