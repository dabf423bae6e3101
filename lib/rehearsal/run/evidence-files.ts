/** What the steps kept in the evidence bucket, taken out before the bucket goes. */
import type { EvidencePointer } from '../../../lambda/contract/instance';
import type { LocalAws } from './local-aws';

/** One piece of evidence. */
export interface EvidenceFile {
  /** Such as `rehearsal-1-verification.json`: the execution's name, then the evidence's. */
  readonly name: string;
  readonly content: Buffer;
}

/** Reads everything in the bucket that the steps' answers point to. */
export async function readEvidence({ plane, steps }: LocalAws): Promise<EvidenceFile[]> {
  const pointers = steps.all().map(({ output }) => (output as { report?: EvidencePointer } | undefined)?.report);
  const buckets = new Set(pointers.flatMap((pointer) => pointer?.bucket ?? []));
  // Where the servers are reached is for the steps only, and gone when the run is.
  const objects = [...buckets]
    .flatMap((name) => [...(plane.s3.find(name)?.objects.values() ?? [])])
    .filter(({ key }) => !/\/endpoint-[^/]*$/.test(key));
  return Promise.all(
    objects.map(async (object) => ({
      // `migrations/<id>/<execution>/<name>.json`
      name: object.key.split('/').slice(2).join('-'),
      content: await plane.s3.read(object),
    })),
  );
}
