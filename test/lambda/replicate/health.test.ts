import {
  type DatabaseHealth,
  judgeApply,
  lagSeconds,
  measurementsOf,
  summarize,
} from '../../../lambda/replicate/health';

const good: DatabaseHealth = {
  database: 'app',
  active: true,
  walStatus: 'reserved',
  safeWalBytes: null,
  retainedWalBytes: 100,
  lagBytes: 10,
  lagSeconds: 0,
  heartbeatArrived: true,
  stuck: null,
  drift: null,
  reasons: [],
};

describe('the health of the replication', () => {
  it('is measured by the worst database, and knows no bytes until a loss where nothing limits a slot', () => {
    const worse = { ...good, lagBytes: 70, lagSeconds: 9, retainedWalBytes: 700, safeWalBytes: 40 };
    const both = [good, worse, { ...good, safeWalBytes: 400 }];
    expect(measurementsOf(both, summarize(both, 10))).toEqual({
      LagBytes: 70,
      LagSeconds: 9,
      SlotRetainedBytes: 700,
      SlotSafeBytes: 40,
    });
    expect(measurementsOf([good], summarize([good], 10))).not.toHaveProperty('SlotSafeBytes');
  });

  it('is caught up only when every database is', () => {
    expect(summarize([good, good], 10).caughtUp).toBe(true);
    expect(summarize([good, { ...good, lagBytes: 11 }], 10).caughtUp).toBe(false);
    expect(summarize([good, { ...good, active: false }], 10).caughtUp).toBe(false);
    expect(summarize([good, { ...good, heartbeatArrived: false }], 10).caughtUp).toBe(false);
    expect(summarize([good, { ...good, stuck: 'a row' }], 10)).toMatchObject({ caughtUp: false, stuck: ['a row'] });
  });

  it('is as bad as its worst database', () => {
    const health = summarize([good, { ...good, lagBytes: 500, lagSeconds: 7 }], 10);
    expect(health).toMatchObject({ lagBytes: 500, lagSeconds: 7 });
  });

  it('counts seconds from what has arrived', () => {
    expect(lagSeconds({ beatAt: 100, now: 101, arrivedAt: 100, sinceAt: 90 })).toBe(0);
    expect(lagSeconds({ beatAt: 100, now: 102, arrivedAt: 90, sinceAt: 90 })).toBe(12);
    expect(lagSeconds({ beatAt: 100, now: 102, arrivedAt: null, sinceAt: 95 })).toBe(7);
  });

  it('calls apply stuck only when errors pile up without a new heartbeat', () => {
    const before = { errors: 2, beatAt: 100 };
    expect(judgeApply(null, before)).toBe('moved');
    expect(judgeApply(before, { errors: 9, beatAt: 101 })).toBe('moved');
    expect(judgeApply(before, { errors: 4, beatAt: 100 })).toBe('waiting');
    expect(judgeApply(before, { errors: 5, beatAt: 100 })).toBe('stuck');
    expect(judgeApply({ errors: 0, beatAt: null }, { errors: 3, beatAt: null })).toBe('stuck');
    expect(judgeApply(before, { errors: 0, beatAt: 100 })).toBe('moved');
  });
});
