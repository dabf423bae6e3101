/** What can go wrong in a run: each fault is plain data, so that a schedule can be told, kept and played again. */
import type { StepName } from '../../../lambda/contract';
import type { Injection } from '../control-plane/injection';
import type { Chaos } from '../lambda-runtime/chaos';

/** So long after the first invocation of a step. */
export interface Moment {
  readonly step: StepName;
  readonly delayMs: number;
}

/** One thing that goes wrong. */
export type Fault =
  /** A Lambda that is killed, or invoked twice. */
  | { readonly kind: 'lambda'; readonly step: StepName; readonly count: number; readonly chaos: Chaos }
  /** The first event of `step` is delivered once more, when another step is at work. */
  | { readonly kind: 'late'; readonly step: StepName; readonly at: Moment }
  /** A server crashes and recovers. */
  | { readonly kind: 'restart'; readonly server: 'source' | 'target'; readonly at: Moment }
  /** Every connection of clients to a server is cut. */
  | { readonly kind: 'cut'; readonly server: 'source' | 'target'; readonly at: Moment }
  /** Nothing passes between source and target for a while, or what passes is cut off. */
  | { readonly kind: 'partition'; readonly forMs: number; readonly at: Moment }
  /** The slots that the target follows are dropped. */
  | { readonly kind: 'slot-lost'; readonly at: Moment }
  /** A call of AWS is throttled, fails, or takes effect and tells nobody. */
  | { readonly kind: 'aws'; readonly injection: Injection }
  /** An operator stops the execution. */
  | { readonly kind: 'stop'; readonly at: Moment };

const at = ({ step, delayMs }: Moment): string => `${delayMs} ms into ${step}`;

const WORDS: { readonly [K in Fault['kind']]: (fault: Extract<Fault, { kind: K }>) => string } = {
  lambda: ({ step, count, chaos }) => `call ${count} of ${step}: ${chaosInWords(chaos)}`,
  late: (fault) => `the first call of ${fault.step} delivered again ${at(fault.at)}`,
  restart: (fault) => `the ${fault.server} crashes ${at(fault.at)}`,
  cut: (fault) => `connections to the ${fault.server} are cut ${at(fault.at)}`,
  partition: (fault) => `nothing passes between source and target for ${fault.forMs} ms, ${at(fault.at)}`,
  'slot-lost': (fault) => `the slots are dropped ${at(fault.at)}`,
  aws: ({ injection: { service, operation, effect, times } }) =>
    `${service} ${operation}: ${typeof effect === 'string' ? effect : JSON.stringify(effect)}, ${times ?? 1} times`,
  stop: (fault) => `the execution is stopped ${at(fault.at)}`,
};

/** A fault in words. */
export function inWords(fault: Fault): string {
  return (WORDS[fault.kind] as (fault: Fault) => string)(fault);
}

function chaosInWords(chaos: Chaos): string {
  if (typeof chaos === 'string') return chaos;
  return chaos.kill === 'before' ? 'killed before' : `killed after ${chaos.ms} ms`;
}
