interface Values {
  readonly value: number[];
  readonly server: number[];
  readonly acknowledged: boolean[];
}

/** A value that a sequence gave to a writer, before it is known whether the transaction commits. */
export interface HandedOut {
  readonly sequence: string;
  readonly value: number;
}

/**
 * Remembers every value that non-cycling sequences handed out, so that reuse shows (fault 48).
 *
 * A server that crashes may hand out a value again whose transaction never committed: PostgreSQL promises no more. So a
 * value counts as reused when it came from two servers, or when two of its transactions were acknowledged.
 */
export class HandedOutValues {
  private readonly sequences = new Map<string, Values>();
  private total = 0;

  /** Notes the values of one transaction; `server` is a small number that tells servers apart. */
  add(values: readonly HandedOut[], server: number, acknowledged: boolean): void {
    for (const { sequence, value } of values) {
      let known = this.sequences.get(sequence);
      if (!known) {
        known = { value: [], server: [], acknowledged: [] };
        this.sequences.set(sequence, known);
      }
      known.value.push(value);
      known.server.push(server);
      known.acknowledged.push(acknowledged);
      this.total += 1;
    }
  }

  /** Number of values noted. */
  get count(): number {
    return this.total;
  }

  /** Number of values that were handed out again. */
  reused(): number {
    let reused = 0;
    for (const values of this.sequences.values()) reused += reusedOf(values);
    return reused;
  }
}

function reusedOf({ value, server, acknowledged }: Values): number {
  const order = Uint32Array.from(value.keys()).sort((a, b) => (value[a] ?? 0) - (value[b] ?? 0));
  let reused = 0;
  for (let first = 0; first < order.length; ) {
    let end = first + 1;
    while (end < order.length && value[order[end] ?? 0] === value[order[first] ?? 0]) end += 1;
    const equal = order.subarray(first, end);
    const servers = new Set(Array.from(equal, (index) => server[index]));
    const promised = equal.filter((index) => acknowledged[index]).length;
    reused += servers.size > 1 ? equal.length - 1 : Math.max(0, promised - 1);
    first = end;
  }
  return reused;
}
