/** When everything happened: the rehearsal's own phases, Sealift's phases, and every state of the machines. */
import type { PhaseReport, StateReport } from '../report/report';
import type { HistoryEvent } from '../state-machine/history';
import type { PhaseName, Tell } from './events';

/** States of `Migrate` that are phases. */
const SEALIFT_PHASES: ReadonlySet<string> = new Set<PhaseName>(['Assess', 'Prune', 'Scan', 'Replicate', 'Cutover']);

/** Short states, such as choices, are no news to anybody. */
const TOLD_TYPES = [
  'TaskStateEntered',
  'WaitStateEntered',
  'MapStateEntered',
  'FailStateEntered',
  'SucceedStateEntered',
];

/** Notes phases and states, and tells of them. */
export class Timeline {
  readonly phases: PhaseReport[] = [];
  readonly states: StateReport[] = [];
  /** Told of every state as it is entered. */
  onState: (machine: string, state: string) => void = () => undefined;
  private readonly open = new Map<string, number>();

  constructor(private readonly tell: Tell) {}

  /** Runs a phase of the rehearsal's own. */
  async during<T>(phase: PhaseName, work: () => Promise<T>): Promise<T> {
    this.begin(phase);
    try {
      return await work();
    } finally {
      this.end(phase);
    }
  }

  /** Notes an event of an execution. */
  note(executionArn: string, event: HistoryEvent): void {
    const machine = machineOf(executionArn);
    const entered = event.stateEnteredEventDetails?.name;
    const exited = event.stateExitedEventDetails?.name;
    if (entered !== undefined) this.enter(executionArn, machine, entered, event);
    if (exited !== undefined) this.leave(executionArn, machine, exited, event.timestamp.getTime());
    if (machine === 'migrate' && /^Execution(Failed|Aborted|TimedOut)$/.test(event.type)) this.endAll();
  }

  private enter(executionArn: string, machine: string, state: string, event: HistoryEvent): void {
    this.open.set(`${executionArn}/${state}`, event.timestamp.getTime());
    this.onState(machine, state);
    if (machine === 'migrate' && SEALIFT_PHASES.has(state)) this.begin(state as PhaseName);
    else if (TOLD_TYPES.includes(event.type)) this.tell({ kind: 'state', machine, state });
  }

  private leave(executionArn: string, machine: string, state: string, at: number): void {
    const startedAt = this.open.get(`${executionArn}/${state}`);
    this.open.delete(`${executionArn}/${state}`);
    if (startedAt !== undefined) {
      this.states.push({ machine, name: state, startedAt: iso(startedAt), ms: at - startedAt });
    }
    if (machine === 'migrate' && SEALIFT_PHASES.has(state)) this.end(state as PhaseName);
  }

  private begin(phase: PhaseName): void {
    this.open.set(phase, Date.now());
    this.tell({ kind: 'phase-started', phase });
  }

  private end(phase: PhaseName): void {
    const startedAt = this.open.get(phase);
    if (startedAt === undefined) return;
    this.open.delete(phase);
    const ms = Date.now() - startedAt;
    this.phases.push({ name: phase, startedAt: iso(startedAt), ms });
    this.tell({ kind: 'phase-ended', phase, ms });
  }

  private endAll(): void {
    for (const phase of SEALIFT_PHASES) this.end(phase as PhaseName);
  }
}

/** `…:execution:sealift-rehearsal-migrate:<name>` is of the machine `migrate`. */
export function machineOf(executionArn: string): string {
  return (executionArn.split(':')[6] ?? '').replace(/^sealift-[a-z0-9]+-/, '');
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
