/** A network link to a server: a TCP relay on loopback that can let nothing pass for a while. */
import { createServer, connect as dial, type Server, type Socket } from 'node:net';

/** A network link to a server. */
export interface Link {
  /** Where the other side reaches the server. */
  readonly port: number;
  /**
   * Holds everything back for `forMs`: bytes, new connections, and the news that a side has closed, so that a server keeps the
   * session of a client that died. Then everything that was held passes.
   */
  hold(forMs: number): void;
  /** Breaks every connection. */
  cut(): void;
  close(): Promise<void>;
}

/** Opens a link to a port of this machine, asked for at every connection when it is not known yet; null refuses it. */
export async function openLink(toPort: number | (() => number | null)): Promise<Link> {
  const sockets = new Set<Socket>();
  const orphans = new Set<Socket>();
  let heldUntil = 0;
  let timer: NodeJS.Timeout | undefined;
  const held = () => Date.now() < heldUntil;
  const part = (left: Socket) => {
    if (held()) orphans.add(left);
    else left.destroy();
  };
  const server: Server = createServer((near) => {
    const port = typeof toPort === 'number' ? toPort : toPort();
    if (port === null) {
      near.destroy();
      return;
    }
    const far = dial({ host: '127.0.0.1', port });
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(one);
      one.on('error', () => part(other));
      one.on('close', () => {
        sockets.delete(one);
        part(other);
      });
      one.pipe(other);
      if (held()) one.pause();
    }
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the link has no port');
  const release = () => {
    heldUntil = 0;
    for (const orphan of orphans) orphan.destroy();
    orphans.clear();
    for (const socket of sockets) socket.resume();
  };
  const cut = () => {
    for (const socket of [...sockets, ...orphans]) socket.destroy();
  };
  return {
    port: address.port,
    hold: (forMs) => {
      heldUntil = Math.max(heldUntil, Date.now() + forMs);
      for (const socket of sockets) socket.pause();
      clearTimeout(timer);
      timer = setTimeout(release, heldUntil - Date.now());
    },
    cut,
    close: async () => {
      clearTimeout(timer);
      cut();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
