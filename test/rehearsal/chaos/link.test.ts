import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { type Link, openLink } from '../../../lib/rehearsal/chaos/link';

let echo: Server;
let link: Link;

beforeAll(async () => {
  echo = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.pipe(socket);
  }).listen(0, '127.0.0.1');
  await once(echo, 'listening');
  link = await openLink((echo.address() as { port: number }).port);
});

afterAll(async () => {
  await link.close();
  echo.close();
});

it('lets bytes pass, holds them back for a while, and loses none', async () => {
  const socket = connect(link.port, '127.0.0.1');
  let answered = '';
  socket.on('data', (data) => {
    answered += data;
  });
  socket.write('one ');
  await once(socket, 'data');
  link.hold(300);
  socket.write('two ');
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(answered).toBe('one ');
  await once(socket, 'data');
  expect(answered).toBe('one two ');
  socket.destroy();
});

it('holds back who connects meanwhile', async () => {
  link.hold(200);
  const socket = connect(link.port, '127.0.0.1');
  socket.write('late');
  let heard = false;
  socket.once('data', () => {
    heard = true;
  });
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(heard).toBe(false);
  await once(socket, 'data');
  socket.destroy();
});

it('breaks every connection', async () => {
  const socket = connect(link.port, '127.0.0.1');
  socket.on('error', () => undefined);
  socket.write('one');
  await once(socket, 'data');
  link.cut();
  await once(socket, 'close');
});

it('keeps the news of a client that died from the server for as long as nothing passes', async () => {
  const far: Socket[] = [];
  const other = createServer((socket) => far.push(socket)).listen(0, '127.0.0.1');
  await once(other, 'listening');
  const lonely = await openLink((other.address() as { port: number }).port);
  const socket = connect(lonely.port, '127.0.0.1');
  await once(other, 'connection');
  let ended = false;
  far[0]
    ?.on('error', () => undefined)
    .on('close', () => {
      ended = true;
    });
  lonely.hold(400);
  socket.resetAndDestroy();
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(ended).toBe(false);
  await once(far[0] as Socket, 'close');
  await lonely.close();
  other.close();
});
