import * as fc from 'fast-check';
import { BACKUP_KINDS, judgeRetention, type KeptBackup, type Retention } from '../../../lambda/backup/retention';

const DAY_MS = 24 * 60 * 60 * 1000;
const NOW = Date.parse('2026-06-01T00:00:00Z');
const WEEK: Retention = {
  scheduled: { keepLatest: 2, keepDays: 7 },
  'on-demand': { keepLatest: 1, keepDays: 7 },
  baseline: { keepLatest: 1, keepDays: null },
  application: { keepLatest: 1, keepDays: 7 },
};

function backup(snapshotId: string, ageDays: number, more: Partial<KeptBackup> = {}): KeptBackup {
  const takenAt = new Date(NOW - ageDays * DAY_MS).toISOString();
  const plain = { legalHold: null, neededBy: null, proven: false } as const;
  return { snapshotId, instanceResourceId: 'db-A', kind: 'scheduled', state: 'good', takenAt, ...plain, ...more };
}

const reasons = (backups: readonly KeptBackup[], retention = WEEK) =>
  Object.fromEntries(judgeRetention(backups, retention, NOW).map(({ snapshotId, reason }) => [snapshotId, reason]));

describe('retention', () => {
  it('says for each backup why it stays or goes', () => {
    expect(
      reasons([
        backup('old', 30),
        backup('held', 30, { legalHold: 'case 12' }),
        backup('needed', 30, { neededBy: 'restore-1' }),
        backup('proven', 25, { proven: true }),
        backup('proven-before', 26, { proven: true }),
        backup('second', 20),
        backup('latest', 10),
        backup('broken', 1, { state: 'damaged' }),
        backup('making', 0, { state: 'unknown' }),
        backup('nameless', 30, { kind: null }),
        backup('to-come', -1),
        backup('timeless', 0, { takenAt: null }),
        backup('only-broken', 90, { kind: 'application', state: 'damaged' }),
        backup('before-all', 900, { kind: 'baseline' }),
        backup('of-another', 90, { instanceResourceId: 'db-B' }),
      ]),
    ).toEqual({
      old: 'too old',
      held: 'legal hold',
      needed: 'needed by a run',
      proven: 'last proven',
      'proven-before': 'too old',
      second: 'among the latest',
      latest: 'among the latest',
      broken: 'damaged',
      making: 'state unknown',
      nameless: 'kind unknown',
      'to-come': 'time unknown',
      timeless: 'time unknown',
      'only-broken': 'no good one of its kind',
      'before-all': 'among the latest',
      'of-another': 'among the latest',
    });
  });

  it('keeps what is young enough beyond the count, and everything of a rule that makes no sense', () => {
    const three = [backup('a', 5), backup('b', 4), backup('c', 3)];
    expect(reasons(three)).toEqual({ a: 'young enough', b: 'among the latest', c: 'among the latest' });
    const nonsense = { ...WEEK, scheduled: { keepLatest: Number.NaN, keepDays: Number.NaN } };
    expect(judgeRetention(three, nonsense, NOW).every(({ stays }) => stays)).toBe(true);
  });
});

/** What may happen to a set of backups; numbers pick among those that are there. */
const event = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      what: fc.constant('take' as const),
      kind: fc.constantFrom(...BACKUP_KINDS),
      instance: fc.constantFrom('db-A', 'db-B'),
      state: fc.constantFrom('good' as const, 'good' as const, 'damaged' as const, 'unknown' as const),
    }),
  },
  { weight: 3, arbitrary: fc.record({ what: fc.constant('wait' as const), days: fc.integer({ min: 0, max: 20 }) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      what: fc.constantFrom(
        'hold' as const,
        'release' as const,
        'need' as const,
        'finish' as const,
        'prove' as const,
        'damage' as const,
        'settle' as const,
      ),
      at: fc.nat(),
    }),
  },
  // Each deletion may fail: the pattern says which do.
  {
    weight: 3,
    arbitrary: fc.record({
      what: fc.constant('retain' as const),
      fails: fc.array(fc.boolean(), { maxLength: 6 }),
      order: fc.nat(),
    }),
  },
);
const rule = fc.record({
  keepLatest: fc.integer({ min: -1, max: 4 }),
  keepDays: fc.option(fc.integer({ min: 0, max: 30 })),
});
const anyRetention = fc.record({ scheduled: rule, 'on-demand': rule, baseline: rule, application: rule });

type Event = typeof event extends fc.Arbitrary<infer E> ? E : never;

const CHANGES = {
  hold: { legalHold: 'a case' },
  release: { legalHold: null },
  need: { neededBy: 'a run' },
  finish: { neededBy: null },
  prove: { proven: true },
  damage: { state: 'damaged' },
  settle: { state: 'good' },
} as const;

/** The good ones of each kind and instance, latest first. */
function goodOnes(backups: readonly KeptBackup[]): Map<string, KeptBackup[]> {
  const groups = new Map<string, KeptBackup[]>();
  const time = ({ takenAt }: KeptBackup) => Date.parse(takenAt ?? '');
  for (const one of [...backups].sort((a, b) => time(b) - time(a))) {
    if (one.state !== 'good') continue;
    const name = `${one.kind} of ${one.instanceResourceId}`;
    groups.set(name, [...(groups.get(name) ?? []), one]);
  }
  return groups;
}

function assertKept(before: readonly KeptBackup[], after: readonly KeptBackup[], retention: Retention, now: number) {
  const left = new Set(after.map(({ snapshotId }) => snapshotId));
  for (const [name, good] of goodOnes(before)) {
    const remaining = good.filter(({ snapshotId }) => left.has(snapshotId));
    const [latest] = good;
    const { keepLatest, keepDays } = retention[latest?.kind ?? 'scheduled'];
    if (!left.has(latest?.snapshotId ?? '')) throw new Error(`the last good one of ${name} was removed`);
    expect(remaining.length).toBeGreaterThanOrEqual(Math.min(good.length, keepLatest));
    const lastProven = good.find(({ proven }) => proven);
    if (lastProven !== undefined) expect(left).toContain(lastProven.snapshotId);
    for (const one of good) {
      if (keepDays === null || now - Date.parse(one.takenAt ?? '') <= keepDays * DAY_MS)
        expect(left).toContain(one.snapshotId);
    }
  }
  for (const one of before) {
    if (one.legalHold !== null || one.neededBy !== null || one.state === 'unknown')
      expect(left).toContain(one.snapshotId);
  }
}

/** Plays events; the clock moves on by an hour with each, so that no two backups share a moment. */
function play(events: readonly Event[], retention: Retention): number {
  let backups: readonly KeptBackup[] = [];
  let now = NOW;
  let removed = 0;
  events.forEach((happens, index) => {
    now += DAY_MS / 24;
    if (happens.what === 'wait') now += happens.days * DAY_MS;
    else if (happens.what === 'take') {
      const { kind, state, instance: instanceResourceId } = happens;
      const takenAt = new Date(now).toISOString();
      backups = [...backups, backup(`s${index}`, 0, { kind, state, instanceResourceId, takenAt })];
    } else if (happens.what === 'retain') {
      const turn = backups.length === 0 ? 0 : happens.order % backups.length;
      const listed = [...backups.slice(turn), ...backups.slice(0, turn)];
      const goes = judgeRetention(listed, retention, now).filter(({ stays }) => !stays);
      const deleted = new Set(goes.filter((_, at) => happens.fails[at] !== true).map(({ snapshotId }) => snapshotId));
      const after = backups.filter(({ snapshotId }) => !deleted.has(snapshotId));
      assertKept(backups, after, retention, now);
      const again = judgeRetention(after, retention, now).filter(({ stays }) => !stays);
      expect(again.map(({ snapshotId }) => snapshotId).sort()).toEqual(
        goes
          .map(({ snapshotId }) => snapshotId)
          .filter((id) => !deleted.has(id))
          .sort(),
      );
      removed += deleted.size;
      backups = after;
    } else {
      const { at, what } = happens;
      backups = backups.map((one, place) => (place === at % backups.length ? { ...one, ...CHANGES[what] } : one));
    }
  });
  return removed;
}

describe('retention over time', () => {
  it('never removes the last good one of a kind, one under legal hold, one that a run needs or one of unknown state', () => {
    let removed = 0;
    fc.assert(
      fc.property(fc.array(event, { minLength: 40, maxLength: 80 }), anyRetention, (events, retention) => {
        removed += play(events, retention);
      }),
      { numRuns: 150 },
    );
    // A rule that removes nothing would keep every promise above.
    expect(removed).toBeGreaterThan(200);
  });
});
