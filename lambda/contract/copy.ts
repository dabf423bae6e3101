/** Input and output of the steps of the copy road: rows travel over connections into an empty target. */
import type { BothSides, ClaimedCall } from './call';
import type { EvidencePointer, ServerFacts } from './instance';
import type { SlotFacts } from './replication';

/** The steps that only this road has. */
export interface CopySteps {
  /** Makes the ledger, the roles and the databases of an empty target; what an earlier run left half done goes first. */
  'make-databases': {
    input: ClaimedCall & BothSides & { readonly databases: readonly string[] };
    output: {
      readonly databases: number;
      readonly roles: number;
      /** Roles whose password is new on the target; the report names them. */
      readonly newPasswords: number;
      /** What the target does not take as the source has it; the report names each with the reason. */
      readonly leftOut: number;
      readonly report: EvidencePointer;
    };
  };
  /** Makes the slot of every database together with a snapshot, which a sleeping backend holds from then on. */
  'hold-snapshot': {
    input: ClaimedCall & { readonly source: ServerFacts; readonly databases: readonly string[] };
    output: { readonly slots: readonly SlotFacts[] };
  };
  /** Reads the schema of every database and queues it on the target; nothing is made yet. */
  'plan-schema': {
    input: ClaimedCall & BothSides & { readonly databases: readonly string[] };
    output: {
      readonly items: number;
      /** Objects that the target will lack; the report names each with the reason, and what is done otherwise. */
      readonly leftOut: number;
      readonly report: EvidencePointer;
    };
  };
  /** Makes what is queued: tables before the rows come, indexes and the rest when they are there. */
  'make-schema': {
    input: ClaimedCall &
      BothSides & {
        readonly databases: readonly string[];
        /** `as-rows-come`: what is ready of the last part while others copy. */
        readonly part: 'before-rows' | 'as-rows-come' | 'after-rows';
      };
    output: {
      /** Items of all databases that are not done; while rows come, items of rows that are waited for. */
      readonly left: number;
      /** For people, such as `Created 2090/2091 indexes`. */
      readonly progress: string;
    };
  };
  /** Checks the set of tables and queues their rows, anew when another snapshot is held than before. */
  'plan-rows': {
    input: ClaimedCall & BothSides & { readonly databases: readonly string[] };
    output: {
      /** `gone`: the snapshot ended since it was held; hold another. */
      readonly snapshot: 'held' | 'gone';
      readonly items: number;
      readonly tables: number;
      /** Of the tables on the source, with TOAST. */
      readonly bytes: number;
      /** Relations whose rows do not travel; the report names each with the reason. */
      readonly leftOut: number;
      readonly workers: readonly number[];
      readonly report: EvidencePointer | null;
    };
  };
  /** Copies queued rows until the time budget ends. */
  'copy-rows': {
    input: ClaimedCall & BothSides & { readonly databases: readonly string[]; readonly worker: number };
    output: {
      readonly left: number;
      readonly done: number;
      readonly rows: number;
      /** `gone`: nothing more can be copied under the snapshot; hold another and plan again. */
      readonly snapshot: 'held' | 'gone';
    };
  };
  /** Lets the snapshots go when every row is there. */
  'conclude-rows': {
    input: ClaimedCall & BothSides & { readonly databases: readonly string[] };
    output: {
      readonly rows: number;
      /** On the wire. */
      readonly bytes: number;
    };
  };
}
