/** Hundreds of clients that come back at once whenever they lose their session: bytes on a socket, to be light on two cores. */
import { connect, type Socket } from 'node:net';
import { pause } from './application';

/** Role of these clients; the server must trust it without a password. */
export const STORMER = 'stormer';

/** Longest pause before a client comes back. */
const BACK_MS = 600;

/** Pause between two writes of a client that is logged in. */
const WRITE_MS = 400;

/** What a storm has seen. */
export interface Seen {
  readonly acknowledged: string[];
  refused: number;
}

/** Clients that write one row after another into `keyed` of database `app`, and come back as long as they are not stopped. */
export class Storm {
  readonly seen: Seen = { acknowledged: [], refused: 0 };
  private stopping = false;
  private readonly running: Promise<void>[] = [];

  constructor(private readonly port: number) {}

  /** Lets more clients loose. */
  add(clients: number): void {
    const first = this.running.length;
    for (let n = 0; n < clients; n += 1) this.running.push(this.client(`storm ${first + n}`));
  }

  async stop(): Promise<void> {
    this.stopping = true;
    await Promise.all(this.running);
  }

  private async client(name: string): Promise<void> {
    for (let session = 0; !this.stopping; session += 1) {
      await this.session(`${name}.${session}`);
      await pause(Math.random() * BACK_MS);
    }
  }

  /** One session, from its startup packet to its end. */
  private session(name: string): Promise<void> {
    return new Promise((resolve) => {
      const socket = connect({ port: this.port, host: '127.0.0.1' });
      let write = 0;
      let sent: string | null = null;
      let read = Buffer.alloc(0);
      socket.on('connect', () => socket.write(startup()));
      socket.on('data', (data) => {
        read = Buffer.concat([read, data]);
        for (const type of takeTypes()) {
          if (type === 'E') this.seen.refused += 1;
          if (type === 'C' && sent !== null) this.seen.acknowledged.push(sent);
          if (type === 'Z') next(socket);
        }
      });
      socket.on('error', () => undefined);
      socket.on('close', () => resolve());
      const next = async (to: Socket): Promise<void> => {
        await pause(write === 0 ? 0 : WRITE_MS);
        if (this.stopping) return void to.end();
        sent = `${name}.${write}`;
        write += 1;
        to.write(query(`insert into keyed (body) values ('${sent}')`));
      };
      /** Types of the complete messages that have arrived. */
      const takeTypes = (): string[] => {
        const types: string[] = [];
        while (read.length >= 5 && read.length > read.readInt32BE(1)) {
          types.push(read.toString('latin1', 0, 1));
          read = read.subarray(1 + read.readInt32BE(1));
        }
        return types;
      };
    });
  }
}

/** Protocol 3.0: length, version, pairs. */
function startup(): Buffer {
  const pairs = Buffer.from(`user\0${STORMER}\0database\0app\0application_name\0storm\0\0`);
  const head = Buffer.alloc(8);
  head.writeInt32BE(pairs.length + 8, 0);
  head.writeInt32BE(196_608, 4);
  return Buffer.concat([head, pairs]);
}

function query(text: string): Buffer {
  const body = Buffer.from(`${text}\0`);
  const head = Buffer.alloc(5);
  head.write('Q');
  head.writeInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
}
