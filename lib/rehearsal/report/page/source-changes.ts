/** What the migration changed on the source and what became of it, from the evidence of the steps that changed and gave back. */
import { type EvidenceFacts, priorWords } from '../evidence/evidence-facts';
import type { MigrationFacts } from '../history/migration-facts';
import type { SourceChange } from './page';

/** Where the source stands at the end. */
type End = 'released' | 'live' | 'given-back' | 'following';

/** What each kind of change is called, and what became of it by each end. */
const KINDS: Readonly<Record<string, { readonly what: string; readonly now: Readonly<Record<End, string>> }>> = {
  slot: { what: 'replication slot', now: ends('dropped', 'dropped', 'in place') },
  publication: { what: 'publication', now: ends('dropped', 'dropped', 'in place') },
  'replica-identity': {
    what: 'replica identity',
    now: ends('given back', 'left as set; on the target given back', 'as set'),
  },
  membership: { what: 'membership of the master user', now: ends('given back', 'left on the source', 'in place') },
  'replication-role': { what: 'role', now: ends('dropped', 'dropped', 'in place') },
  connect: { what: 'entry into a database', now: ends('taken away', 'taken away', 'in place') },
  login: {
    what: 'login of a role',
    now: { ...ends('', 'refused: the source stays fenced', ''), 'given-back': 'given back' },
  },
  ledger: { what: 'schema', now: ends('dropped', 'stays until the source is deleted', 'in place') },
};

function ends(released: string, live: string, otherwise: string): Record<End, string> {
  return { released, live, 'given-back': otherwise, following: otherwise };
}

/** Every change that the evidence knows; null when none of it was given. */
export function sourceChanges(facts: MigrationFacts, evidence: EvidenceFacts): SourceChange[] | null {
  const { prepared, settled, released, gaveBack } = evidence;
  if (prepared === null && settled === null && released === null && gaveBack === null) return null;
  const end = endOf(facts, evidence);
  const row = (kind: string, object: string, before: string): SourceChange => {
    const known = KINDS[kind];
    return { what: known?.what ?? kind, object, before, now: known?.now[end] ?? 'recorded in the ledger' };
  };
  // The copy road makes its slots later, together with the snapshots.
  const slots = prepared?.slots.length ? prepared.slots : (facts.copy?.slots ?? []);
  const made = prepared === null ? [] : preparedRows({ ...prepared, slots }, row);
  const undone = prepared === null ? undoneRows(evidence, row) : [];
  const logins = (settled?.closedLogins ?? []).map((role) => row('login', role, priorWords('login', null)));
  const told = gaveBack === null ? [] : [givenBackRow(gaveBack.outcome, gaveBack.detail)];
  return [...made, ...undone, ...logins, ...told];
}

type Row = (kind: string, object: string, before: string) => SourceChange;

function preparedRows({ slots, changes }: NonNullable<EvidenceFacts['prepared']>, row: Row): SourceChange[] {
  return [
    row('ledger', 'sealift', 'did not exist'),
    ...slots.map(({ slot, database }) => row('slot', `${slot} of ${database}`, 'did not exist')),
    ...slots.map(({ publication, database }) => row('publication', `${publication} in ${database}`, 'did not exist')),
    ...changes.map(({ kind, object, database, prior }) => {
      const where = kind === 'replica-identity' ? `${object} in ${database}` : object;
      return row(kind, where, priorWords(kind, prior));
    }),
  ];
}

/** Without the evidence of the preparation only what was taken down is known. */
function undoneRows({ settled, released }: EvidenceFacts, row: Row): SourceChange[] {
  const down = released ?? settled;
  if (down === null) return [];
  const before = 'not in this evidence';
  return [
    ...down.slots.map((slot) => row('slot', slot, 'did not exist')),
    ...(released?.replicaIdentities ?? []).map((table) => row('replica-identity', table, before)),
    ...(released?.roles ?? []).map((role) => row('replication-role', role, 'did not exist')),
  ];
}

function givenBackRow(outcome: string, detail: string): SourceChange {
  const now = outcome === 'finished' ? 'refused: the target is live' : detail;
  return {
    what: 'logins of the application roles',
    object: 'every role that the fence closed',
    before: 'could log in',
    now,
  };
}

function endOf({ givenBack }: MigrationFacts, { released, settled, gaveBack }: EvidenceFacts): End {
  if (settled !== null || gaveBack?.outcome === 'finished') return 'live';
  if (released?.outcome === 'released') return 'released';
  return gaveBack?.outcome === 'given-back' || givenBack?.outcome === 'given-back' ? 'given-back' : 'following';
}
