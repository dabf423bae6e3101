/**
 * Definitions that change on the source while it is followed: no stream carries them (facts B1, B5; faults 39 to 41). A digest of
 * the source's catalogue is kept from the first look on; only when it has moved are both catalogues read and compared.
 */
import type { EvidencePointer } from '../contract/instance';
import { guarded } from '../platform/ledger';
import { mergeFacts } from '../platform/ledger-sql';
import { replicationRole, streamName } from '../platform/names';
import type { Server, Session } from '../platform/postgres';
import type { World } from '../platform/world';
import { type Drift, driftInWords, readDrift } from '../proof/catalog-diff';
import { catalogDigest } from '../proof/catalog-digest';
import { driftInShort, type Reconciliation, reconcile } from '../proof/reconcile';
import { pinSettings } from '../proof/row-hash';

/** Most differences that a message names. */
const NAMED = 8;

/**
 * Why definitions wait for a human, null when both sides agree. When they do, the digest is kept: what was changed on both sides
 * is no drift any more, and the next look is cheap again. `known` is the digest kept by an earlier look.
 */
export async function lookForDrift(
  source: Server<'source'>,
  target: Server<'target'>,
  database: string,
  world: World,
  known: unknown,
): Promise<string | null> {
  const left = await source.another(database);
  try {
    // Before the comparison: a change right behind it must show as a change at the next look.
    const digest = await catalogDigest(left);
    if (digest === known) return null;
    const right = await target.another(database);
    try {
      await Promise.all([pinSettings(left), pinSettings(right)]);
      const drift = await readDrift(left, right);
      if (driftInWords(drift).length > 0) return await tell(left, right.major, drift, world);
    } finally {
      await right.close();
    }
    await guarded(left, world.expect('replicating', 'verified'), () =>
      left.execute(mergeFacts(world.migrationId, { catalog: digest })),
    );
    if (known !== undefined) world.log.fact('definitions agree again', { database });
    return null;
  } finally {
    await left.close();
  }
}

async function tell(source: Session<'source'>, targetMajor: number, drift: Drift, world: World): Promise<string> {
  const { database } = source;
  const differences = driftInShort(drift);
  const stream = streamName(world.migrationId, database);
  const names = { stream, replicationRole: replicationRole(world.migrationId), targetMajor };
  const how = await reconcile(source, drift, names);
  const kept = await world.keepDocument(`drift-${stream}`, 'txt', documentOf(database, driftInWords(drift), how));
  const more = differences.length > NAMED ? `; and ${differences.length - NAMED} more` : '';
  return (
    `definitions of database ${JSON.stringify(database)} differ: ${differences.slice(0, NAMED).join('; ')}${more}; run the statements ` +
    `of ${placeOf(kept)}, or undo the change on the source`
  );
}

function placeOf({ bucket, key }: EvidencePointer): string {
  return `s3://${bucket}/${key}`;
}

/** SQL with comments, so that it can be read and run part by part. */
function documentOf(database: string, differences: readonly string[], { parts, byHand }: Reconciliation): string {
  const lines = [`-- Database ${JSON.stringify(database)}`, ...differences.map((each) => `--   ${each}`), ''];
  parts.forEach(({ where, what, statements }, index) => {
    lines.push(`-- ${index + 1}. On the ${where}: ${what}`, ...statements.map((each) => `${each};`), '');
  });
  if (byHand.length > 0) {
    lines.push('-- No statement was derived for these: make the same change on the target');
    lines.push(...byHand.map((each) => `--   ${each}`));
  }
  return `${lines.join('\n')}\n`;
}
