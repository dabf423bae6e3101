/** Where a worker goes next: the workers of all databases are one budget. */

/** Another database is worth the change of sessions when its next item is more than so many times as large. */
const STAYING = 2;

/** The next item of a database that nobody holds. */
export interface NextItem<D> {
  readonly database: D;
  readonly bytes: number;
}

/** The database with the largest item, or the `present` one unless another's is much larger; null when there is no item. */
export function nextDatabase<D>(items: readonly NextItem<D>[], present: D | null): D | null {
  const weight = ({ database, bytes }: NextItem<D>) => (database === present ? STAYING * bytes : bytes);
  const [first, ...others] = items;
  if (first === undefined) return null;
  return others.reduce((best, item) => (weight(item) > weight(best) ? item : best), first).database;
}
