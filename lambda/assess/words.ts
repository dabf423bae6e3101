/** Numbers as people read them, in details, bases and pages. */

/** Bytes as `2.4 GiB` or `1,204 GiB`, as `24 MiB` below one. */
export function gibibytes(bytes: number): string {
  const gib = bytes / 2 ** 30;
  if (gib < 1) return `${Math.ceil(gib * 1024)} MiB`;
  return `${gib >= 100 ? grouped(gib) : gib.toFixed(1)} GiB`;
}

/** Bytes in the unit that leaves one to four digits, such as `12.4 MB`; decimal units. */
export function bytesInWords(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

/** Seconds as `6 s`, `1.5 s`, `12 min` or `3 h 20 min`; rounded up from ten seconds on. */
export function durationInWords(seconds: number): string {
  if (seconds < 10) return `${Number(seconds.toFixed(1))} s`;
  if (seconds < 60) return `${Math.ceil(seconds)} s`;
  const minutes = Math.ceil(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours >= 48) return `${grouped(Math.ceil(hours / 24))} days`;
  return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
}

/** Digits in groups of three. */
export function grouped(value: number): string {
  return Math.round(value)
    .toString()
    .replace(/\B(?=(\d{3})+$)/g, ',');
}
