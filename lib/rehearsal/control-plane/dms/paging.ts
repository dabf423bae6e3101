import { Refusal } from '../fault';
import { invalidValue } from './names';

/** A filter as a call carries it. */
export interface CallFilter {
  readonly Name?: string | undefined;
  readonly Values?: readonly string[] | undefined;
}

/** The values of a thing that filters may ask for, by the name of the filter. */
export type Filterable<T> = Readonly<Record<string, (thing: T) => string | readonly string[]>>;

/**
 * Keeps what matches every filter: one of its values each.
 *
 * @throws Refusal for a filter that the call does not know
 */
export function filtered<T>(
  call: string,
  things: readonly T[],
  filters: readonly CallFilter[] | undefined,
  known: Filterable<T>,
): T[] {
  return (filters ?? []).reduce<T[]>(
    (left, { Name = '', Values = [] }) => {
      const valuesOf = known[Name];
      if (!valuesOf) throw new Refusal(`filter ${Name} of dms:${call}`);
      return left.filter((thing) => {
        const own = valuesOf(thing);
        return Values.some((value) => (typeof own === 'string' ? own === value : own.includes(value)));
      });
    },
    [...things],
  );
}

/** One page, and where the next begins; undefined behind the last. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly marker: string | undefined;
}

/**
 * Cuts a page: 20 to 100 things (500 for table statistics), 100 unless asked for.
 *
 * @throws AwsFault `InvalidParameterValueException` for a size or a marker that DMS does not take
 */
export function page<T>(
  things: readonly T[],
  asked: { readonly MaxRecords?: number | undefined; readonly Marker?: string | undefined },
  largest = 100,
): Page<T> {
  const { MaxRecords: size = 100, Marker: marker } = asked;
  if (!Number.isInteger(size) || size < 20 || size > largest)
    throw invalidValue(`The parameter MaxRecords must be between 20 and ${largest}, got ${size}`);
  const start = marker === undefined || marker === '' ? 0 : Number(Buffer.from(marker, 'base64url').toString());
  if (!Number.isInteger(start) || start < 0) throw invalidValue('The parameter Marker is not one of this call');
  const end = start + size;
  return {
    items: things.slice(start, end),
    marker: end < things.length ? Buffer.from(String(end)).toString('base64url') : undefined,
  };
}
