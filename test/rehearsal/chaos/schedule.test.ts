import { inWords } from '../../../lib/rehearsal/chaos/fault';
import { scheduleOf } from '../../../lib/rehearsal/chaos/schedule';

const SEEDS = Array.from({ length: 300 }, (_, seed) => seed);

it('draws the same schedule for the same seed', () => {
  for (const seed of SEEDS.slice(0, 20)) expect(scheduleOf(seed)).toEqual(scheduleOf(seed));
});

it('draws every kind of fault, and steps that the run comes to', () => {
  const schedules = SEEDS.map(scheduleOf);
  const kinds = new Set(schedules.flatMap(({ faults }) => faults.map(({ kind }) => kind)));
  expect([...kinds].sort()).toEqual(['aws', 'cut', 'lambda', 'late', 'partition', 'restart', 'slot-lost', 'stop']);
  const plain = schedules.filter(({ pruneAndScan }) => !pruneAndScan);
  expect(plain.length).toBeGreaterThan(100);
  expect(schedules.length - plain.length).toBeGreaterThan(30);
  const words = plain.flatMap(({ faults }) => faults.map(inWords)).join('\n');
  expect(words).not.toMatch(/prune|scan|quarantine/);
});
