/** What every kind of switch is, and which side a host is. */
import type { Inspection } from '../contract/assessment';
import { plainName } from './route53';

/** Where the switch leads, in a word, so that no host is told; `ttlSeconds` is null where the kind has none. */
export type SwitchFacts = Inspection['record'];

/** Host names of the two sides; the target's is null while there is none. */
export interface Hosts {
  readonly source: string;
  readonly target: string | null;
}

/** The two sides: the one that is written to, and the one that is to be. */
export interface Sides extends Hosts {
  /** Instance identifiers. */
  readonly instances: { readonly source: string; readonly target: string };
}

/** Where an application is led that looks anew; the host is null when it leads nowhere, the port when the switch names none. */
export interface Followed {
  readonly host: string | null;
  readonly port: number | null;
}

/** How the switch is turned. */
export interface Turn {
  /** Host that it leads to now. */
  readonly from: string;
  readonly to: { readonly host: string; readonly port: number };
  /** Instance identifiers of both. */
  readonly instances: { readonly from: string; readonly to: string };
  /** `<migration id>/<epoch of the flip>`: the same turn again has the same name. */
  readonly name: string;
  /** True when it was looked at a moment ago; the kinds that compare in any case do so all the same. */
  readonly lookedAt: boolean;
}

/** The switch of a migration. */
export interface ApplicationSwitch {
  /** For messages and logs: the kind and the name. */
  readonly what: string;
  /**
   * Says where it leads. Throws `Blocked` when it is of another make or there is no such secret, `NotReady` while somebody else
   * changes it.
   */
  look(sides: Sides): Promise<SwitchFacts>;
  /** Follows it anew, the way an application does. Throws `NotReady` while nobody answers. */
  follow(): Promise<Followed>;
  /**
   * Makes it lead to `to` and returns when everybody is told so; to where it leads already is no error. Throws `Blocked` when it
   * leads elsewhere: somebody else's change is never overwritten (faults 93, 111).
   */
  turn(turn: Turn): Promise<void>;
}

/** Which side `host` is; hosts compare without case and without the trailing dot. */
export function sideOf(host: string | null, { source, target }: Hosts): SwitchFacts['pointsTo'] {
  if (host === null) return 'nothing';
  if (plainName(host) === plainName(source)) return 'source';
  return target !== null && plainName(host) === plainName(target) ? 'target' : 'elsewhere';
}
