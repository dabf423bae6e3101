/** A customer's hook in a rehearsal: the example of `examples/hook`, as a function with a role and an object of its own. */
import { join } from 'node:path';
import type { LocalAws } from './local-aws';
import { ACCOUNT, REGION } from './place';

const BUCKET = 'rehearsal-hook';
const KEY = 'database.json';
const NAME = 'rehearsal-hook';

/** Makes the object with the address, and the function that changes it; returns the function's ARN. */
export async function deployHook(
  aws: LocalAws,
  address: { readonly host: string; readonly port: number },
): Promise<string> {
  const { plane, iam, lambda } = aws;
  plane.s3.create(BUCKET);
  const properties = { contentType: 'application/json', contentEncoding: null, metadata: {} };
  await plane.s3.put(BUCKET, KEY, Buffer.from(JSON.stringify(address)), properties);
  const roleArn = `arn:aws:iam::${ACCOUNT}:role/${NAME}`;
  const object = {
    Effect: 'Allow',
    Action: ['s3:GetObject', 's3:PutObject'],
    Resource: `arn:aws:s3:::${BUCKET}/${KEY}`,
  };
  iam.putRole({
    roleName: NAME,
    arn: roleArn,
    trustPolicy: {
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' }],
    },
    inlinePolicies: [{ name: 'object', document: { Version: '2012-10-17', Statement: [object] } }],
    managedPolicyArns: [],
    permissionsBoundary: null,
    tags: {},
  });
  const arn = `arn:aws:lambda:${REGION}:${ACCOUNT}:function:${NAME}`;
  lambda.register({
    arn,
    name: NAME,
    codeDirectory: join(__dirname, '..', '..', '..', 'examples', 'hook'),
    handler: 'index.handler',
    environment: { BUCKET, KEY },
    timeoutSeconds: 10,
    memoryMb: 128,
    roleArn,
  });
  return arn;
}

/** Where the object leads the applications at this moment. */
export async function hookedHost({ plane }: LocalAws): Promise<string> {
  const text = await plane.s3.read(plane.s3.object(BUCKET, KEY));
  return String((JSON.parse(text.toString('utf8')) as Record<string, unknown>).host);
}
