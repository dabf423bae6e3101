/** The present state of a run in words, from its events: what both the drawn progress and the plain lines say. */
import type { RehearsalEvent } from '../run/events';
import { bytes, count, seconds } from './words';

/** Follows the events. */
export class LiveState {
  /** Phases under way; loading and synthesis go side by side. */
  private readonly phases = new Map<string, number>();
  private state = '';
  private doing = '';
  private lag = '';
  private writers = '';
  private readonly startedAt = Date.now();

  /** Takes an event in; answers the line that stays on the terminal, or null. */
  take(event: RehearsalEvent): string | null {
    switch (event.kind) {
      case 'phase-started':
        this.phases.set(event.phase, Date.now());
        this.state = '';
        this.doing = '';
        return null;
      case 'phase-ended':
        this.phases.delete(event.phase);
        return `${event.phase}, ${seconds(event.ms)}`;
      case 'progress':
        this.doing = `${event.doing} ${amount(event.done, event.total, event.unit)}`;
        return null;
      case 'state':
        this.state = event.state;
        return null;
      case 'step-failed':
        return `step ${event.step} failed: ${event.error}`;
      case 'lag':
        this.lag = `lag ${bytes(event.bytes)}${event.ms === null ? '' : `, ${seconds(event.ms)}`}`;
        return null;
      case 'writers':
        this.writers = `${count(event.acknowledged)} commits, ${count(event.perSecond)}/s`;
        return null;
      case 'answered':
        return event.text;
      case 'note':
        this.doing = event.text;
        return null;
      case 'report':
        return null;
    }
  }

  /** One line without its end: phase, state, amount, lag, writers, elapsed. */
  line(): string {
    const phase = [...this.phases.keys()].join(' and ');
    const parts = [phase, this.state || this.doing, this.lag, this.writers, seconds(Date.now() - this.startedAt)];
    return parts.filter(Boolean).join(' · ');
  }
}

function amount(done: number, total: number, unit: string): string {
  const say = (value: number) => (unit === 'bytes' ? bytes(value) : count(value));
  return total > 0 ? `${say(done)} of ${say(total)}${unit === 'bytes' ? '' : ` ${unit}`}` : `${say(done)} ${unit}`;
}
