/** What many runs came to. */
import type { Fault } from './fault';
import type { ChaosVerdict } from './verdict';

interface Counts {
  drawn: number;
  struck: number;
  notRun: number;
}

/** Adds up runs. */
export class Tally {
  #runs = 0;
  #waysBack = 0;
  #lateCalls = 0;
  readonly #outcomes = new Map<string, number>();
  readonly #faults = new Map<Fault['kind'], Counts>();
  readonly #fallen: number[] = [];

  /** Adds a run. */
  add({ schedule, report, strikes, calledLate, violations }: ChaosVerdict): void {
    this.#runs += 1;
    this.#lateCalls += calledLate.length;
    if (report.rollback !== null) this.#waysBack += 1;
    if (violations.length > 0) this.#fallen.push(schedule.seed);
    this.#outcomes.set(report.outcome, (this.#outcomes.get(report.outcome) ?? 0) + 1);
    for (const { kind, struck, result } of strikes) {
      const counts = this.#faults.get(kind) ?? { drawn: 0, struck: 0, notRun: 0 };
      counts.drawn += 1;
      if (struck) counts.struck += 1;
      if (result.startsWith('NOT RUN')) counts.notRun += 1;
      this.#faults.set(kind, counts);
    }
  }

  /** How many runs broke an invariant. */
  get fallen(): number {
    return this.#fallen.length;
  }

  /** The whole in a few lines. */
  inWords(): string {
    const outcomes = [...this.#outcomes].map(([outcome, count]) => `${count} ${outcome}`).join(', ');
    const faults = [...this.#faults]
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(
        ([kind, { drawn, struck, notRun }]) =>
          `${kind} ${struck} of ${drawn}${notRun > 0 ? ` (${notRun} NOT RUN: this account may not)` : ''}`,
      );
    return [
      `${this.#runs - this.fallen} of ${this.#runs} runs kept every invariant: ${outcomes}; ${this.#waysBack} went back`,
      `faults that struck: ${faults.join(', ')}; calls with an old epoch at the end: ${this.#lateCalls}`,
      ...(this.fallen > 0 ? [`BROKEN seeds: ${this.#fallen.join(', ')}`] : []),
    ].join('\n');
  }
}
