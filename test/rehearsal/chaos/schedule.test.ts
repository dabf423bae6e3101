import { inWords } from '../../../lib/rehearsal/chaos/fault';
import { ROAD_BACK, roadOf, scheduleOf } from '../../../lib/rehearsal/chaos/schedule';
import { stepsOf } from '../../../lib/road-steps';

const SEEDS = Array.from({ length: 300 }, (_, seed) => seed);

it('draws the same schedule for the same seed', () => {
  for (const seed of SEEDS.slice(0, 20)) expect(scheduleOf(seed)).toEqual(scheduleOf(seed));
});

it('draws every kind of fault, and steps that the run comes to', () => {
  const schedules = SEEDS.map(scheduleOf);
  const kinds = new Set(schedules.flatMap(({ faults }) => faults.map(({ kind }) => kind)));
  expect([...kinds].sort()).toEqual([
    'aws',
    'cut',
    'disk-full',
    'lambda',
    'late',
    'partition',
    'restart',
    'slot-lost',
    'stop',
  ]);
  const plain = schedules.filter(({ pruneAndScan }) => !pruneAndScan);
  expect(plain.length).toBeGreaterThan(100);
  expect(schedules.length - plain.length).toBeGreaterThan(30);
  const words = plain.flatMap(({ faults }) => faults.map(inWords)).join('\n');
  expect(words).not.toMatch(/prune|scan|quarantine/);
});

it('leaves no step out unless a migration without damage or stop does not call it, nor a way back', () => {
  const left = stepsOf('snapshot').filter((step) => ![...roadOf(true), ...ROAD_BACK].some((known) => known === step));
  expect(left.sort()).toEqual([
    'give-back',
    'list-leftovers',
    'locate',
    'quarantine',
    'release',
    'retire',
    'take-over',
    'watch-way-back',
  ]);
});
