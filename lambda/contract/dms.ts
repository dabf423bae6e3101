/** Input and output of the steps of engine `dms`: a task of AWS DMS for each database. */
import type { BothSides, ClaimedCall } from './call';
import type { EvidencePointer } from './instance';

/** The steps that only this engine has. */
export interface DmsSteps {
  /** Logins, slots and the target for the tasks, and what the tasks are to be; nothing of DMS is made yet. */
  'ready-dms': {
    input: ClaimedCall & BothSides & { readonly databases: readonly string[]; readonly seedLsn: string | null };
    output: {
      /** False while indexes are still taken away: call again. */
      readonly ready: boolean;
      /** The tasks with all their tables; null while not ready. */
      readonly plans: EvidencePointer | null;
      /** For people: of each database the way that its target was prepared, and why. */
      readonly detail: string;
    };
  };
  /** Makes, starts and follows the task of every database, one look at a time. */
  'advance-dms': {
    input: ClaimedCall & { readonly plans: EvidencePointer };
    output: {
      /** Tasks that have loaded every table. */
      readonly loaded: number;
      readonly tasks: number;
      /** For people. */
      readonly detail: string;
    };
  };
  /** Builds the indexes again that the loads went without, while the tasks follow. */
  'bring-indexes-back': {
    input: ClaimedCall & BothSides & { readonly databases: readonly string[] };
    output: { readonly left: number };
  };
  /** Stops and removes the tasks and their endpoints, one look at a time. */
  'end-dms': {
    input: ClaimedCall & {
      readonly databases: readonly string[];
      /** Only what belongs to a seeding that began before this is ended, ISO: a late call touches no later run. */
      readonly before: string;
    };
    output: {
      /** Databases of which something is still in DMS: call again. */
      readonly left: number;
    };
  };
}
