/**
 * An RDS Proxy's data path, simpler than AWS's: one connection to the instance for every client, none shared or kept. As AWS's it
 * ends TLS with a certificate of its own name, lets clients wait while there is no instance, and cuts them when theirs is taken away.
 */
import { connect, createServer, type Server, type Socket } from 'node:net';
import { createSecureContext, connect as secure, TLSSocket } from 'node:tls';
import type { ServerCertificate } from '../../servers/certificate-authority';

/** Gives the proxy its certificate; `caPem` also says whom it trusts. */
export type ProxyCertificates = (hostName: string) => Promise<ServerCertificate>;

/** Instance that a proxy leads to. */
export interface Destination {
  readonly hostName: string;
  readonly port: number;
}

/** What a client sends first to ask for TLS, and the two answers (protocol, section SSLRequest). */
const SSL_REQUEST = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]);
const YES = 'S';

/** AWS's default connection borrow timeout. */
const BORROW_MS = 120_000;

/** A listening proxy. */
export class LocalProxy {
  readonly #server: Server;
  readonly #certificate: ServerCertificate;
  readonly #sockets = new Set<Socket>();
  readonly #waiting = new Set<() => void>();
  #destination: Destination | null = null;

  private constructor(certificate: ServerCertificate) {
    this.#certificate = certificate;
    this.#server = createServer((client) => {
      this.#keep(client);
      this.#serve(client).catch(() => client.destroy());
    });
  }

  /** Listens on a free port of the loopback. */
  static async listen(hostName: string, certificates: ProxyCertificates): Promise<LocalProxy> {
    const proxy = new LocalProxy(await certificates(hostName));
    await new Promise<void>((resolve, reject) => {
      proxy.#server.once('error', reject);
      proxy.#server.listen(0, '127.0.0.1', resolve);
    });
    return proxy;
  }

  /** TCP port on the loopback. */
  get port(): number {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('the proxy does not listen');
    return address.port;
  }

  /** Leads to another instance, or to none: whoever is connected is cut, whoever waits goes on. */
  leadTo(destination: Destination | null): void {
    const connected = [...this.#sockets];
    const waiting = [...this.#waiting];
    this.#destination = destination;
    if (destination === null) for (const socket of connected) socket.destroy();
    else for (const goOn of waiting) goOn();
  }

  /** Ends the proxy and every connection. */
  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket));
    // A peer that goes away is no failure of the proxy's.
    socket.on('error', () => socket.destroy());
  }

  async #serve(client: Socket): Promise<void> {
    const first = await chunk(client);
    // Plain text is refused: such a proxy requires TLS.
    if (!first.equals(SSL_REQUEST)) return void client.destroy();
    client.write(YES);
    const { certPem, keyPem, caPem } = this.#certificate;
    const outer = new TLSSocket(client, {
      isServer: true,
      secureContext: createSecureContext({ cert: certPem, key: keyPem }),
    });
    outer.on('error', () => client.destroy());
    const destination = await this.#borrow(client);
    if (destination === null) return void client.destroy();
    const upstream = connect(destination.port, '127.0.0.1');
    this.#keep(upstream);
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      one.on('close', () => other.destroy());
    }
    upstream.write(SSL_REQUEST);
    if ((await chunk(upstream)).toString('latin1') !== YES) return void client.destroy();
    const inner = secure({ socket: upstream, ca: caPem, servername: destination.hostName });
    inner.on('error', () => upstream.destroy());
    outer.pipe(inner).pipe(outer);
  }

  /** Waits for an instance; null when the client left or the time is over. */
  async #borrow(client: Socket): Promise<Destination | null> {
    if (this.#destination !== null) return this.#destination;
    await new Promise<void>((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.#waiting.delete(done);
        resolve();
      };
      const timer = setTimeout(done, BORROW_MS);
      this.#waiting.add(done);
      client.once('close', done);
    });
    return client.destroyed ? null : this.#destination;
  }
}

/** The next bytes of a socket, which is paused behind them. */
function chunk(socket: Socket): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const onClose = () => reject(new Error('the connection ended'));
    socket.once('close', onClose);
    socket.once('data', (data: Buffer) => {
      socket.off('close', onClose);
      socket.pause();
      resolve(data);
    });
  });
}
