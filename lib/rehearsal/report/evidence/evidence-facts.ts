/** What the page takes from the evidence of a run; what is not understood is left out and said. */
import * as z from 'zod';
import type { Check } from '../../../../lambda/contract/assessment';
import { member, told } from '../history/told';
import { type CopyEvidence, madeDatabases, plannedRows, plannedSchema } from './copy-evidence';
import type { Evidence } from './evidence-folder';

const text = z.string();
const count = z.coerce.number();
const names = z.array(text).catch([]);

const assessment = z.object({
  checks: z.array(z.object({ id: text, verdict: z.enum(['pass', 'warn', 'block']), detail: text, remedy: text })),
});

const verification = z.object({
  findings: z.array(
    z.object({
      name: text,
      mismatched: z.array(z.object({ relation: text, keys: count })).catch([]),
      catalogDifferences: names,
      keysCompared: count.catch(0),
      keysPending: count.catch(0),
    }),
  ),
  tables: z.array(
    z.object({ database: text, schema: text, name: text, rows: count, bytes: count, different: count.catch(0) }),
  ),
});

const prepared = z.object({
  slots: z.array(z.object({ database: text, slot: text, publication: text })).catch([]),
  changes: z.array(z.object({ database: text, kind: text, object: text, prior: z.unknown().optional() })).catch([]),
});

const settled = z.object({
  slots: names,
  subscriptions: names,
  replicaIdentities: names,
  refreshedViews: names,
  memberships: count.catch(0),
  closedLogins: z.array(text).nullable().catch(null),
});

const released = z.object({
  outcome: text,
  detail: text.catch(''),
  slots: names,
  subscriptions: names,
  replicaIdentities: names,
  roles: names,
});

const gaveBack = z.object({ outcome: text, detail: text.catch('') });

/** The verification of a run, whole. */
export type VerificationEvidence = z.infer<typeof verification>;

/** What a piece of evidence said. */
export interface EvidenceFacts extends CopyEvidence {
  readonly checks: readonly Check[] | null;
  readonly verification: VerificationEvidence | null;
  readonly prepared: z.infer<typeof prepared> | null;
  readonly settled: z.infer<typeof settled> | null;
  readonly released: z.infer<typeof released> | null;
  readonly gaveBack: z.infer<typeof gaveBack> | null;
  /** Names of evidence that is there and of another shape than this version knows. */
  readonly notUnderstood: readonly string[];
}

/** Reads the evidence. */
export function evidenceFacts(evidence: Evidence): EvidenceFacts {
  const notUnderstood: string[] = [];
  const read = <T>(name: string, schema: z.ZodType<T>): T | null => {
    if (!evidence.has(name)) return null;
    const found = told(schema, evidence.get(name));
    if (found === null) notUnderstood.push(name);
    return found;
  };
  return {
    checks: read('assess', assessment)?.checks ?? null,
    verification: read('verification', verification),
    prepared: read('prepare', prepared),
    madeDatabases: read('databases', madeDatabases),
    plannedSchema: read('schema', plannedSchema),
    plannedRows: read('rows', plannedRows),
    settled: read('settle', settled),
    released: read('release', released),
    gaveBack: read('give-back', gaveBack),
    notUnderstood,
  };
}

/** A prior value in words: what an undo row of the ledger holds is known for the kinds that are changed today. */
export function priorWords(kind: string, prior: unknown): string {
  if (kind === 'replica-identity') {
    const before = IDENTITIES[String(member(prior, 'before', 'kind'))] ?? 'unknown';
    const after = IDENTITIES[String(member(prior, 'after', 'kind'))] ?? 'unknown';
    return `${before}, set to ${after}`;
  }
  return PRIOR[kind] ?? 'recorded in the ledger';
}

const IDENTITIES: Readonly<Record<string, string>> = { d: 'default', n: 'nothing', f: 'full', i: 'an index' };

const PRIOR: Readonly<Record<string, string>> = {
  membership: 'the master user lacked it',
  'replication-role': 'did not exist',
  connect: 'the replication role could not enter',
  login: 'could log in',
};
