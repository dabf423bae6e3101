/** The present state of a run, from its events: what the drawn progress and the plain lines say alike. */
import type { PhaseName, RehearsalEvent } from '../../run/events';
import { bytes, count, seconds } from '../words';

/** How far a phase is. */
export interface Amount {
  /** Such as `comparing`. */
  readonly doing: string;
  readonly done: number;
  /** 0 when nobody knows. */
  readonly total: number;
  readonly unit: 'rows' | 'bytes' | 'tables' | 'ranges' | 'indexes' | 'steps' | '%';
  /** Milliseconds since the epoch, when this amount was first told of. */
  readonly since: number;
}

/** A phase under way. */
export interface OpenPhase {
  readonly name: PhaseName;
  readonly startedAt: number;
  /** State of the state machine, or what was noted last. */
  state: string;
  amount: Amount | null;
}

/** A line that stays. */
export interface Kept {
  readonly kind: 'done' | 'warning';
  readonly text: string;
}

/** Follows the events. */
export class RunState {
  /** Loading and synthesis go side by side. */
  readonly phases = new Map<PhaseName, OpenPhase>();
  /** What goes on while no phase is open, such as a question that waits for its answer. */
  private between = '';
  private lag = '';
  private writers = '';
  private readonly startedAt = Date.now();

  /** Takes an event in; answers the line that stays, or null. */
  take(event: RehearsalEvent): Kept | null {
    switch (event.kind) {
      case 'phase-started':
        this.between = '';
        // Nobody writes or follows any more: the last figures would look like present ones.
        if (event.phase === 'Prove') [this.lag, this.writers] = ['', ''];
        this.phases.set(event.phase, { name: event.phase, startedAt: Date.now(), state: '', amount: null });
        return null;
      case 'phase-ended':
        this.phases.delete(event.phase);
        return { kind: 'done', text: `${event.phase}, ${seconds(event.ms)}` };
      case 'progress':
        this.noteAmount(event);
        return null;
      case 'state':
        this.noteState(event.state);
        return null;
      case 'step-failed':
        return { kind: 'warning', text: `step ${event.step} failed: ${event.error}` };
      case 'lag':
        this.lag = `lag ${bytes(event.bytes)}${event.ms === null ? '' : `, ${seconds(event.ms)}`}`;
        return null;
      case 'writers': {
        const refused = event.refused === 0 ? '' : `, ${count(event.refused)} refused`;
        this.writers = `${count(event.acknowledged)} commits, ${count(event.perSecond)}/s${refused}`;
        return null;
      }
      case 'answered':
        return { kind: 'done', text: event.text };
      case 'note':
        this.noteState(event.text);
        return null;
      case 'report':
        return null;
    }
  }

  /** Whether anything goes on. */
  get idle(): boolean {
    return this.phases.size === 0 && this.between === '';
  }

  /** Lag, writers and elapsed time. */
  status(): string {
    return [this.between, this.lag, this.writers, seconds(Date.now() - this.startedAt)].filter(Boolean).join(' · ');
  }

  /** Everything in one line. */
  line(): string {
    const phases = [...this.phases.values()].map((phase) => {
      const said =
        phase.amount === null ? phase.state : `${phase.state || phase.amount.doing} ${amountWords(phase.amount)}`;
      return [phase.name, said].filter(Boolean).join(' · ');
    });
    return [phases.join(' and '), this.status()].filter(Boolean).join(' · ');
  }

  private noteAmount(event: RehearsalEvent & { kind: 'progress' }): void {
    const phase = this.phases.get(event.phase);
    if (phase === undefined) return;
    const { doing, done, total, unit } = event;
    const since = phase.amount?.doing === doing ? phase.amount.since : Date.now();
    phase.amount = { doing, done, total, unit, since };
  }

  /** Machines run one at a time, while no other phase is open; notes belong to whatever began last. */
  private noteState(state: string): void {
    const phase = [...this.phases.values()].at(-1);
    if (phase === undefined) this.between = state;
    if (phase === undefined || phase.state === state) return;
    phase.state = state;
    // An amount is of the state in which it was told, unless rounds of a loop pass by.
    if (phase.amount !== null && (phase.amount.total === 0 || phase.amount.done >= phase.amount.total)) {
      phase.amount = null;
    }
  }
}

/** `5.2 MB of 12.0 MB`, `42%`, `3 of 20 ranges`. */
export function amountWords({ done, total, unit }: Amount): string {
  if (unit === '%') return `${Math.round(done)}%`;
  const say = (value: number) => (unit === 'bytes' ? bytes(value) : count(value));
  const of = total > 0 ? `${say(done)} of ${say(total)}` : say(done);
  return unit === 'bytes' ? of : `${of} ${unit}`;
}

/** `3.1 MB/s`; empty while there is nothing to tell it from. */
export function rateWords({ done, unit, since }: Amount): string {
  const elapsedMs = Date.now() - since;
  if (unit === '%' || done === 0 || elapsedMs < 1000) return '';
  const perSecond = (done / elapsedMs) * 1000;
  return unit === 'bytes' ? `${bytes(perSecond)}/s` : `${count(perSecond)} ${unit}/s`;
}
