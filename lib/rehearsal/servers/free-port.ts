/** Picks TCP ports below the range that the system hands out to outgoing connections. */
import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/** Below 32768 (Linux) and 49152 (macOS, Windows): no client connection can take the port while its server restarts. */
const LOWEST = 20_000;
const HIGHEST = 32_000;

/** Whether nothing listens on `127.0.0.1:port` at this moment. */
export function isPortFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen({ host: '127.0.0.1', port, exclusive: true }, () => probe.close(() => resolve(true)));
  });
}

/** A port on 127.0.0.1 that is free now; another process may still take it before the caller does. */
export async function chooseFreePort(): Promise<number> {
  for (let attempt = 0; attempt < 200; attempt++) {
    const port = randomInt(LOWEST, HIGHEST);
    if (await isPortFree(port)) return port;
  }
  throw new Error(`no free port found on 127.0.0.1 between ${LOWEST} and ${HIGHEST}: stop what listens there`);
}
