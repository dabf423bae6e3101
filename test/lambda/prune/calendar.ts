/** Ages on the calendar of a time zone, counted by JavaScript's own time zones: the oracle of a boundary. */

const DAY_MS = 86_400_000;

/** What the clock on the wall shows at an instant, as milliseconds of the same reading in UTC. */
export function wallOf(instantMs: number, zone: string): number {
  const parts = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  }).formatToParts(instantMs);
  const of = (type: string) => Number(parts.find((part) => part.type === type)?.value);
  const seconds = Date.UTC(of('year'), of('month') - 1, of('day'), of('hour'), of('minute'), of('second'));
  return seconds + (((instantMs % 1_000) + 1_000) % 1_000);
}

/** The instant at which the wall shows a reading: the later of two; of a reading that was left out, as if it had not been. */
export function instantOf(wallMs: number, zone: string): number {
  const offsetAt = (instantMs: number) => wallOf(instantMs, zone) - instantMs;
  const [before, after] = [offsetAt(wallMs - DAY_MS), offsetAt(wallMs + DAY_MS)];
  const shown = [wallMs - before, wallMs - after].filter((instant) => wallOf(instant, zone) === wallMs);
  return shown.length > 0 ? Math.max(...shown) : wallMs - before;
}

/** A reading so much earlier, such as `6 months`; of a month that is too short, its last day. */
export function earlier(wallMs: number, age: string): number {
  const [number = '', unit = ''] = age.split(' ');
  const days = { day: 1, week: 7 }[unit.replace(/s$/, '')];
  if (days !== undefined) return wallMs - Number(number) * days * DAY_MS;
  const months = Number(number) * (unit.startsWith('year') ? 12 : 1);
  const at = new Date(wallMs);
  const first = Date.UTC(at.getUTCFullYear(), at.getUTCMonth() - months, 1);
  const length = new Date(Date.UTC(at.getUTCFullYear(), at.getUTCMonth() - months + 1, 0)).getUTCDate();
  return first + (Math.min(at.getUTCDate(), length) - 1) * DAY_MS + (wallMs % DAY_MS);
}
