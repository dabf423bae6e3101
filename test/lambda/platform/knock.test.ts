import { createServer, type Server, type Socket } from 'node:net';
import { createSecureContext, TLSSocket } from 'node:tls';
import { NotReady } from '../../../lambda/errors';
import { knock } from '../../../lambda/platform/knock';
import {
  type CertificateAuthority,
  createCertificateAuthority,
  type ServerCertificate,
} from '../../../lib/rehearsal/servers/certificate-authority';

const HOST = 'localhost';
let authority: CertificateAuthority;
let certificate: ServerCertificate;
const servers: Server[] = [];

beforeAll(async () => {
  authority = await createCertificateAuthority();
  certificate = await authority.issue([HOST]);
});
afterAll(() => {
  for (const server of servers) server.close();
});

/** Something that listens and does as it likes; returns its port. */
async function door(behave: (client: Socket) => void): Promise<number> {
  const server = createServer((client) => {
    client.on('error', () => client.destroy());
    behave(client);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('it does not listen');
  return address.port;
}

/** A proxy that grants TLS with `shown`, and answers the startup message with `answer`. */
const proxy = (answer: Buffer, shown: ServerCertificate) => (client: Socket) => {
  client.once('data', () => {
    client.pause();
    client.write('S');
    const secureContext = createSecureContext({ cert: shown.certPem, key: shown.keyPem });
    const channel = new TLSSocket(client, { isServer: true, secureContext });
    channel.on('error', () => client.destroy());
    channel.once('data', () => channel.write(answer));
  });
};

const message = (kind: string, body: string) => {
  const head = Buffer.alloc(5);
  head.write(kind, 'latin1');
  head.writeInt32BE(4 + body.length, 1);
  return Buffer.concat([head, Buffer.from(body, 'latin1')]);
};
const errorOf = (state: string) => message('E', `SFATAL\0C${state}\0Mno\0\0`);
const at = (port: number) => knock({ host: HOST, port, trustedCa: authority.caPem });

describe('a knock at a proxy', () => {
  it.each([
    ['asks for credentials', message('R', '\0\0\0\x0aSCRAM-SHA-256\0\0')],
    ['knows nobody of that name', errorOf('28P01')],
  ])('is answered by one that %s', async (_, answer) => {
    await expect(at(await door(proxy(answer, certificate)))).resolves.toBeUndefined();
  });

  it.each([
    ['cannot reach a server', () => proxy(errorOf('08006'), certificate), 'SQLSTATE 08006'],
    ['is starting', () => proxy(errorOf('57P03'), certificate), 'SQLSTATE 57P03'],
    ['speaks another protocol', () => proxy(Buffer.from('HTTP/1.1 400'), certificate), 'does not speak the protocol'],
    ['grants no TLS', () => (client: Socket) => client.once('data', () => client.write('N')), 'grants no TLS'],
    ['hangs up', () => (client: Socket) => client.once('data', () => client.end()), 'closed the connection'],
  ])('is not answered by one that %s', async (_, behaviour, words) => {
    const failure = at(await door(behaviour()));
    await expect(failure).rejects.toBeInstanceOf(NotReady);
    await expect(failure).rejects.toThrow(words);
  });

  it('trusts no certificate of another name or authority', async () => {
    const foreign = await (await createCertificateAuthority()).issue([HOST]);
    const misnamed = await authority.issue(['other.example']);
    const answer = message('R', '\0\0\0\0');
    for (const shown of [foreign, misnamed]) {
      await expect(at(await door(proxy(answer, shown)))).rejects.toBeInstanceOf(NotReady);
    }
  });
});
