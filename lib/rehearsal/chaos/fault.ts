/** What can go wrong in a run: each fault is plain data, so that a schedule can be told, kept and played again. */
import type { StepName } from '../../../lambda/contract';
import type { Injection } from '../control-plane/injection';
import type { Chaos } from '../lambda-runtime/chaos';
import type { Between } from './lane';

/** The way to the target, or the way back from it. */
export type Way = 'there' | 'back';

/** So long after the first invocation of a step on a way. */
export interface Moment {
  readonly way: Way;
  readonly step: StepName;
  readonly delayMs: number;
}

/** One thing that goes wrong. */
export type Fault =
  /** A Lambda that is killed, or invoked twice. */
  | {
      readonly kind: 'lambda';
      readonly way: Way;
      readonly step: StepName;
      readonly count: number;
      readonly chaos: Chaos;
    }
  /** The first event of `step` is delivered once more, when another step is at work. */
  | { readonly kind: 'late'; readonly step: StepName; readonly at: Moment }
  /** A server crashes and recovers. */
  | { readonly kind: 'restart'; readonly server: 'source' | 'target'; readonly at: Moment }
  /** Every connection of clients to a server is cut. */
  | { readonly kind: 'cut'; readonly server: 'source' | 'target'; readonly at: Moment }
  /** Nothing passes between two parts for a while. */
  | { readonly kind: 'partition'; readonly between: Between; readonly forMs: number; readonly at: Moment }
  /** The target's disk has no room for a while. */
  | { readonly kind: 'disk-full'; readonly forMs: number; readonly at: Moment }
  /** The slots that the other side follows are dropped. */
  | { readonly kind: 'slot-lost'; readonly at: Moment }
  /** The backends end that hold the snapshots which rows are copied under. */
  | { readonly kind: 'holder-lost'; readonly at: Moment }
  /** A call of AWS is throttled, fails, or takes effect and tells nobody. */
  | { readonly kind: 'aws'; readonly injection: Injection }
  /** An operator stops the execution. */
  | { readonly kind: 'stop'; readonly at: Moment };

const onWay = (way: Way): string => (way === 'back' ? ' on the way back' : '');
const at = ({ way, step, delayMs }: Moment): string => `${delayMs} ms into ${step}${onWay(way)}`;

const WORDS: { readonly [K in Fault['kind']]: (fault: Extract<Fault, { kind: K }>) => string } = {
  lambda: ({ way, step, count, chaos }) => `call ${count} of ${step}${onWay(way)}: ${chaosInWords(chaos)}`,
  late: (fault) => `the first call of ${fault.step} delivered again ${at(fault.at)}`,
  restart: (fault) => `the ${fault.server} crashes ${at(fault.at)}`,
  cut: (fault) => `connections to the ${fault.server} are cut ${at(fault.at)}`,
  partition: (fault) => `nothing passes between ${fault.between} for ${fault.forMs} ms, ${at(fault.at)}`,
  'disk-full': (fault) => `the target's disk is full for ${fault.forMs} ms, ${at(fault.at)}`,
  'slot-lost': (fault) => `the slots are dropped ${at(fault.at)}`,
  'holder-lost': (fault) => `the snapshots end ${at(fault.at)}`,
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
