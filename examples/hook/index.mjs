/**
 * A hook that Sealift asks and calls for its switch: applications of this example read the database's address from an object in S3.
 * `look` tells where they are led. `turn` leads them to the target, and never writes over what somebody else wrote: the object is
 * replaced only as long as it is the one that was read. Called again with the same turn it finds the work done and answers alike.
 *
 * Environment: BUCKET and KEY. Permissions: s3:GetObject and s3:PutObject on that object.
 */
import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';

const CONTRACT = 'sealift-switch/1';

const client = new S3Client({});

/** Answers `look` and `turn`. */
export async function handler(request) {
  if (request.contract !== CONTRACT) throw failure('UnknownContract', 'this hook speaks another contract');
  const { address, tag } = await read();
  if (request.action === 'look') return answer(address);
  if (request.action !== 'turn') throw failure('UnknownAction', 'this hook knows look and turn');
  const { from, to } = request;
  if (isHost(address.host, to.host)) return answer(address);
  if (!isHost(address.host, from.host)) throw failure('SomebodyElse', 'the object names neither side');
  const next = { ...address, host: to.host, port: to.port };
  await write(next, tag);
  return answer(next);
}

function answer({ host, port }) {
  return { contract: CONTRACT, host, port };
}

async function read() {
  const { Body, ETag } = await client.send(new GetObjectCommand(place()));
  return { address: JSON.parse(await Body.transformToString()), tag: ETag };
}

async function write(address, tag) {
  try {
    await client.send(new PutObjectCommand({ ...place(), Body: JSON.stringify(address), IfMatch: tag }));
  } catch (error) {
    // Somebody wrote in between: asked again, this hook looks at what they wrote.
    if (error.name === 'PreconditionFailed') throw failure('NotReady', 'the object was changed meanwhile');
    throw error;
  }
}

function place() {
  return { Bucket: process.env.BUCKET, Key: process.env.KEY };
}

function isHost(left, right) {
  return left.toLowerCase() === right.toLowerCase();
}

/** Sealift tells the name of an error and keeps its text out of everything. */
function failure(name, message) {
  return Object.assign(new Error(message), { name });
}
