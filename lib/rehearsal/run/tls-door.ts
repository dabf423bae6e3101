/**
 * A door on the loopback that speaks TLS under the rehearsal's authority and hands everything on in the clear to a server that has
 * no TLS of its own: functions and the target's apply worker come as they come in production.
 */
import { createServer, connect as dial, type Socket } from 'node:net';
import { createSecureContext, TLSSocket } from 'node:tls';
import type { IssuedCertificate } from '../servers/certificate-authority';

/** SSLRequest, and the answer that grants it (protocol, "Message Formats"). */
const SSL_REQUEST = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]);
const GRANTED = 'S';

/** A door that is open. */
export interface TlsDoor {
  readonly port: number;
  /** Shuts it, and breaks every connection. */
  close(): Promise<void>;
}

/** Opens a door to `host` and `port`; whoever asks for no TLS is not let in. */
export async function openTlsDoor(
  { certPem, keyPem }: IssuedCertificate,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<TlsDoor> {
  const secureContext = createSecureContext({ cert: certPem, key: keyPem });
  const sockets = new Set<Socket>();
  const keep = (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
  };
  const server = createServer((near) => {
    keep(near);
    near.once('data', (first: Buffer) => {
      near.pause();
      if (!first.equals(SSL_REQUEST)) {
        near.destroy();
        return;
      }
      near.write(GRANTED);
      const secured = new TLSSocket(near, { isServer: true, secureContext });
      const far = dial({ host, port });
      keep(far);
      secured.on('error', () => far.destroy());
      secured.on('close', () => far.destroy());
      far.on('close', () => secured.destroy());
      secured.pipe(far);
      far.pipe(secured);
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the door has no port');
  return {
    port: address.port,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
