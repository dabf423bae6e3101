import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Dispatch } from './dispatcher';
import { readRequest } from './wire/http-message';

/** A listening HTTP server. */
export interface HttpEndpoint {
  /** `http://127.0.0.1:<port>`, for `AWS_ENDPOINT_URL`. */
  readonly url: string;
  /** Stops listening and breaks every open connection. */
  close(): Promise<void>;
}

/**
 * Listens on a free port of the loopback and answers with a dispatcher.
 *
 * @param dispatch answers one request; null breaks the connection without an answer
 */
export async function listen(dispatch: Dispatch): Promise<HttpEndpoint> {
  const server = createServer((incoming, outgoing) => {
    readRequest(incoming)
      .then(dispatch)
      .then((response) => {
        if (response === null) {
          outgoing.destroy();
          return;
        }
        const body = incoming.method === 'HEAD' ? '' : response.body;
        const length = incoming.method === 'HEAD' ? {} : { 'content-length': String(Buffer.byteLength(body)) };
        outgoing.writeHead(response.status, { ...length, ...response.headers }).end(body);
      })
      .catch(() => outgoing.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}
