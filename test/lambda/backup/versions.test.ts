import { createHash } from 'node:crypto';
import * as fc from 'fast-check';
import { compareWithManifest, type Manifest } from '../../../lambda/backup/manifest';
import type { Reading } from '../../../lambda/backup/reading';

/** Transactions of a history, by number; each commits at a moment of its own or never, in any order. */
interface History {
  readonly transactions: readonly { readonly begin: number; readonly end: number; readonly commits: boolean }[];
  /** Who made each version, and who removed it; a remover that did not commit, or nobody, leaves it. */
  readonly versions: readonly { readonly by: number; readonly removedBy: number | null }[];
}

const MOMENTS = 30;
const transaction = fc
  .tuple(fc.nat(MOMENTS), fc.nat(MOMENTS), fc.boolean(), fc.boolean())
  .map(([a, b, one, two]) => ({ begin: Math.min(a, b), end: Math.max(a, b) + 1, commits: one || two }));
const history: fc.Arbitrary<History> = fc.array(transaction, { minLength: 2, maxLength: 12 }).chain((transactions) => {
  // Ids are given in the order of the beginnings.
  const inOrder = [...transactions].sort((left, right) => left.begin - right.begin);
  const any = fc.nat(inOrder.length - 1);
  const versions = fc.array(fc.record({ by: any, removedBy: fc.option(any) }), { minLength: 1, maxLength: 15 });
  return versions.map((made) => ({
    transactions: inOrder,
    versions: made.filter(({ by, removedBy }) => removedBy === null || canRemove(inOrder, by, removedBy)),
  }));
});

/** Only a version that one sees can be removed: its maker has committed, or is oneself. */
function canRemove(transactions: History['transactions'], by: number, removedBy: number): boolean {
  const [maker, remover] = [transactions[by], transactions[removedBy]];
  if (maker === undefined || remover === undefined) return false;
  return by === removedBy || (maker.commits && maker.end <= remover.begin);
}

/** Versions that a look at `moment` sees, and the first transaction that still runs then. */
function lookAt({ transactions, versions }: History, moment: number) {
  const ends = transactions.map(({ end, commits }) => (commits ? end : Number.POSITIVE_INFINITY));
  const done = (id: number) => (ends[id] ?? Number.POSITIVE_INFINITY) <= moment;
  const seen = versions.flatMap(({ by, removedBy }, index) =>
    done(by) && (removedBy === null || !done(removedBy)) ? [index] : [],
  );
  const running = transactions.findIndex(({ begin, end }) => begin > moment || end > moment);
  return { seen, horizon: running < 0 ? transactions.length : running };
}

/** A reading of the versions that transactions before `horizon` made. */
function readingOf({ versions }: History, seen: readonly number[], horizon: number): Reading {
  const old = seen.filter((index) => (versions[index]?.by ?? horizon) < horizon);
  // A sum, as the server forms it.
  const parts = old.map((index) =>
    BigInt(`0x${createHash('sha256').update(String(index)).digest('hex').slice(0, 15)}`),
  );
  const hash = String(parts.reduce((sum, part) => sum + part, 0n));
  const table = { rows: String(old.length), hash, samplePercent: 100 };
  const database = {
    horizon: String(horizon),
    horizonAge: '0',
    unread: [],
    sequences: {},
    unlogged: [],
    definitions: {},
  };
  return {
    engineVersion: '17.1',
    systemIdentifier: '1',
    readAt: '2026-06-01T00:00:00Z',
    firstLsn: '0/1',
    lastLsn: '0/1',
    unread: [],
    databases: { app: { ...database, tables: { table } } },
  };
}

const told = {
  manifestVersion: '1',
  migrationId: 'm',
  snapshotId: 's',
  instanceResourceId: 'i',
  keyArn: 'k',
  takenAt: 't',
} as const;
const moments = fc.tuple(fc.nat(MOMENTS), fc.nat(MOMENTS), fc.nat(MOMENTS)).map((all) => all.sort((a, b) => a - b));

describe('row versions around a snapshot', () => {
  it('raise no false alarm in any history, and a lost one that both readings saw is told', () => {
    let lost = 0;
    fc.assert(
      fc.property(history, moments, fc.nat(), (played, [first = 0, taken = 0, second = 0], pick) => {
        const { seen: seenBefore, horizon } = lookAt(played, first);
        const [held, seenAfter] = [lookAt(played, taken).seen, lookAt(played, second).seen];
        const before = readingOf(played, seenBefore, horizon);
        const after = readingOf(played, seenAfter, horizon);
        const manifest: Manifest = { ...told, before, after };
        const fair = compareWithManifest(manifest, readingOf(played, held, horizon));
        expect([fair.mismatches, fair.notJudged]).toEqual([[], []]);
        const old = (index: number) => (played.versions[index]?.by ?? horizon) < horizon;
        const lasting = seenBefore.filter((index) => old(index) && seenAfter.includes(index));
        if (lasting.length === 0 || fair.tablesEqual === 0) return;
        lost += 1;
        const without = held.filter((index) => index !== lasting[pick % lasting.length]);
        expect(compareWithManifest(manifest, readingOf(played, without, horizon)).mismatches).toHaveLength(1);
      }),
      { numRuns: 2000 },
    );
    expect(lost).toBeGreaterThan(50);
  });
});
