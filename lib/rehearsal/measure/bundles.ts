/** How long a synthesis takes, and how big the bundle of each function is. */
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CloudAssembly } from '../cloudformation/assembly';
import { rehearsalConfiguration } from '../run/configuration';
import { ACCOUNT, REGION } from '../run/place';
import { synthesize } from '../run/synthesize';

/** A function's bundle, without its source map. */
export interface Bundle {
  readonly functionName: string;
  readonly bytes: number;
}

/** Facts of a run that never was; nothing is looked up at synthesis. */
const FACTS = {
  masterSecretArn: `arn:aws:secretsmanager:${REGION}:${ACCOUNT}:secret:rehearsal/master-Ab12Cd`,
  hostedZoneId: 'Z0123456789ABCDEFGHIJ',
  applicationSecretArn: `arn:aws:secretsmanager:${REGION}:${ACCOUNT}:secret:rehearsal/application-Ab12Cd`,
  proxy: {
    proxyArn: `arn:aws:rds:${REGION}:${ACCOUNT}:db-proxy:prx-0123456789abcdef0`,
    targetGroupArn: `arn:aws:rds:${REGION}:${ACCOUNT}:target-group:prx-tg-0123456789abcdef0`,
    port: 5432,
  },
  hookArn: `arn:aws:lambda:${REGION}:${ACCOUNT}:function:hook`,
  damaged: false,
  switchKind: 'route53',
  caPem: '-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n',
  caPath: '/tmp/rds-ca.pem',
  scans: 'source',
  sourcePort: 5432,
  wayBackPort: null,
  targetEngineVersion: '17.10',
  road: 'snapshot',
  sourceKind: 'rds',
  leftAlone: null,
  engine: 'native',
  rolePasswordArns: {},
} as const;

/** Synthesizes once into a directory of its own. */
export async function measureSynthesis(): Promise<{ readonly ms: number; readonly bundles: readonly Bundle[] }> {
  const directory = await mkdtemp(join(tmpdir(), 'sealift-synth-'));
  try {
    const startedAt = performance.now();
    const assembly = await synthesize(rehearsalConfiguration(FACTS), join(directory, 'cdk.out'));
    return { ms: performance.now() - startedAt, bundles: await bundlesOf(assembly) };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

interface FunctionResource {
  readonly Type: string;
  readonly Properties?: { readonly FunctionName?: string; readonly Code?: { readonly S3Key?: string } };
}

async function bundlesOf(assembly: CloudAssembly): Promise<Bundle[]> {
  const bundles: Bundle[] = [];
  for (const { templateBody } of assembly.stacks) {
    const { Resources } = JSON.parse(templateBody) as { Resources: Record<string, FunctionResource> };
    for (const { Type, Properties } of Object.values(Resources)) {
      const key = Properties?.Code?.S3Key;
      if (Type !== 'AWS::Lambda::Function' || key === undefined) continue;
      const { size } = await stat(join(assembly.assetByKey(key), 'index.js'));
      bundles.push({ functionName: Properties?.FunctionName ?? '?', bytes: size });
    }
  }
  return bundles.sort((a, b) => b.bytes - a.bytes);
}
