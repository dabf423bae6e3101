/** A local AWS for the tests of switches, and the two sides that they turn between. */
import type { Turn } from '../../../lambda/platform/switch-kind';
import { OPERATOR_ACCESS_KEY_ID } from '../../../lib/rehearsal/control-plane/callers';
import { type LocalAws, REGION, startLocalAws } from '../../rehearsal/control-plane/support/local-aws';

export const SOURCE = 'source.rds.test';
export const TARGET = { host: 'target.rds.test', port: 5433 };
export const INSTANCES = { source: 'shop-db', target: 'sealift-demo-target' };
export const SIDES = { source: SOURCE, target: TARGET.host, instances: INSTANCES };
export const TURN: Turn = {
  from: SOURCE,
  to: TARGET,
  instances: { from: INSTANCES.source, to: INSTANCES.target },
  name: 'demo/2',
  lookedAt: true,
};
/** The same turn, the other way round. */
export const BACK: Turn = {
  from: TARGET.host,
  to: { host: SOURCE, port: 5432 },
  instances: { from: INSTANCES.target, to: INSTANCES.source },
  name: 'demo/3',
  lookedAt: false,
};
export const MASTER_SECRET = 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:master-Ab12Cd';

/** Starts it and points the SDK's clients at it. */
export async function startSwitchStage(): Promise<LocalAws> {
  const aws = await startLocalAws({ route53: { propagationMs: 5 } });
  Object.assign(process.env, {
    AWS_ENDPOINT_URL: aws.plane.endpointUrl,
    AWS_REGION: REGION,
    AWS_ACCESS_KEY_ID: OPERATOR_ACCESS_KEY_ID,
    AWS_SECRET_ACCESS_KEY: 'unused',
  });
  return aws;
}

/** What a promise failed with; its text, and that of its causes, never holds `canary`. */
export async function failureOf(work: Promise<unknown>, canary: string): Promise<Error> {
  const error = await work.then(
    () => {
      throw new Error('nothing failed');
    },
    (reason: Error) => reason,
  );
  const told = `${error.message} ${JSON.stringify(error)} ${(error.cause as Error | undefined)?.message}`;
  expect(told).not.toContain(canary);
  return error;
}
