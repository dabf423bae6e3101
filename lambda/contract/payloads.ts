/** Input and output of every step. */
import type { Phase, StepName } from '../contract';
import type { Check, DatabaseFacts, Inspection, Prediction, Sizing } from './assessment';
import type { BothSides, Call, ClaimedCall } from './call';
import type { CopySteps } from './copy';
import type { Approval, CutoverFacts, Leftover } from './cutover';
import type { DmsSteps } from './dms';
import type { EvidencePointer, InstanceFacts, ServerFacts } from './instance';
import type { PrunePlan, Pruning } from './prune';
import type { ExecutionStatus, Holding } from './reap';
import type { ReplicationHealth, SlotFacts, SnapshotFacts, SnapshotPurpose, Verification } from './replication';
import type { ScanConclusion, ScanPlace } from './scan';

/** Input and output of every step. */
export interface Steps extends CopySteps, DmsSteps {
  inspect: { input: Call; output: Inspection };
  assess: {
    input: Call & {
      readonly inspection: Inspection;
      /** ARN of a dead execution that will be taken over, so that its claim does not block; absent or null otherwise. */
      readonly takeOver?: string | null;
    };
    output: {
      readonly verdict: Check['verdict'];
      readonly counts: Record<Check['verdict'], number>;
      /** At most twenty blocking checks; all of them are in the report. */
      readonly blocks: readonly Check[];
      readonly databases: readonly DatabaseFacts[];
      readonly sizing: Sizing;
      readonly prediction: Prediction;
      readonly report: EvidencePointer;
      /** The same for people: a self-contained HTML page, and a screen of text of at most 40 lines and 100 columns. */
      readonly page: EvidencePointer;
      readonly screen: EvidencePointer;
    };
  };
  claim: {
    input: Call & {
      readonly source: ServerFacts;
      readonly databases: readonly string[];
      /** ARN of a dead execution whose claim the operator takes over; null otherwise. */
      readonly takeOver: string | null;
      /** `hold` takes or keeps the claim; `release` frees it for a later execution of another phase, keeping the phase. */
      readonly mode: 'hold' | 'release';
    };
    output: {
      /** `0` for `release`: who frees a claim may change nothing any more. */
      readonly epoch: string;
      readonly phase: Phase;
      readonly systemIdentifier: string;
    };
  };
  'plan-scan': {
    input: ClaimedCall & ScanPlace & { readonly databases: readonly string[] };
    output: { readonly items: number; readonly bytes: number; readonly workers: readonly number[] };
  };
  'scan-ranges': {
    input: ClaimedCall & ScanPlace & { readonly databases: readonly string[]; readonly worker: number };
    output: { readonly left: number; readonly done: number; readonly rows: number };
  };
  'conclude-scan': {
    input: ClaimedCall & ScanPlace & { readonly databases: readonly string[] };
    output: ScanConclusion;
  };
  quarantine: {
    input: ClaimedCall & { readonly source: ServerFacts; readonly databases: readonly string[] };
    output: {
      readonly databases: readonly {
        readonly name: string;
        /** Rows that were saved and removed, by this call or an earlier one of the same scan. */
        readonly rowsRemoved: number;
        readonly indexesRebuilt: number;
        /** Pages whose rows had been lost before; noted in the quarantine. */
        readonly pagesLost: number;
      }[];
      readonly report: EvidencePointer;
    };
  };
  prepare: {
    input: ClaimedCall & { readonly source: ServerFacts; readonly databases: readonly string[] };
    output: {
      /** None on the copy road, where `hold-snapshot` makes them. */
      readonly slots: readonly SlotFacts[];
      /** Everything that was changed on the source, with what was before. */
      readonly report: EvidencePointer;
    };
  };
  snapshot: {
    input: ClaimedCall & {
      readonly source: InstanceFacts;
      /** `seed` when absent. */
      readonly purpose?: SnapshotPurpose;
      /** A snapshot that was taken before this moment is refused; ISO, absent or null without. */
      readonly notBefore?: string | null;
    };
    output: SnapshotFacts;
  };
  encrypt: {
    input: ClaimedCall & { readonly snapshotArn: string; readonly purpose?: SnapshotPurpose };
    output: SnapshotFacts;
  };
  'plan-prune': {
    input: Call & {
      /** Null in a preview, which needs no claim. */
      readonly epoch: string | null;
      readonly source: ServerFacts;
      readonly databases: readonly string[];
      /** `preview` counts and changes nothing; `decide` fixes the boundaries; `queue` counts again and queues the work. */
      readonly mode: 'preview' | 'decide' | 'queue';
    };
    output: PrunePlan;
  };
  'prune-rows': {
    input: ClaimedCall & {
      readonly source: ServerFacts;
      readonly databases: readonly string[];
      readonly worker: number;
    };
    output: { readonly left: number; readonly done: number; readonly rows: number };
  };
  'conclude-prune': {
    input: ClaimedCall & { readonly source: ServerFacts; readonly databases: readonly string[] };
    output: Pruning;
  };
  restore: {
    input: ClaimedCall & {
      /** ARN of the snapshot that the target grows from, or `empty`: rows come over connections. */
      readonly seed: string;
      readonly source: ServerFacts;
    };
    output: {
      readonly status: 'pending' | 'available';
      readonly detail: string;
      readonly target: InstanceFacts | null;
    };
  };
  adopt: {
    input: ClaimedCall & {
      readonly source: InstanceFacts;
      readonly target: InstanceFacts;
      readonly databases: readonly string[];
      readonly slots: readonly SlotFacts[];
    };
    output: {
      /** The end of the last WAL record that the copy replayed (facts A4, A5). */
      readonly seedLsn: string;
      readonly seedOrigin: 'rds_tools' | 'replay';
    };
  };
  subscribe: {
    input: ClaimedCall &
      BothSides & {
        readonly databases: readonly string[];
        /** End of the copy's own history; null on the copy road, where every slot begins where its snapshot ends. */
        readonly seedLsn: string | null;
      };
    output: { readonly subscriptions: readonly { readonly database: string; readonly subscription: string }[] };
  };
  watch: {
    input: ClaimedCall & BothSides & { readonly databases: readonly string[] };
    output: ReplicationHealth;
  };
  'plan-verification': {
    input: ClaimedCall & BothSides & { readonly databases: readonly string[] };
    output: { readonly items: number; readonly bytes: number; readonly workers: readonly number[] };
  };
  'verify-chunks': {
    input: ClaimedCall & BothSides & { readonly worker: number };
    output: { readonly left: number; readonly done: number; readonly rows: number };
  };
  'conclude-verification': {
    input: ClaimedCall & BothSides & { readonly databases: readonly string[] };
    output: Verification;
  };
  cutover: {
    input: ClaimedCall &
      BothSides & {
        readonly databases: readonly string[];
        /** Kept as evidence; null or absent when nobody was asked. */
        readonly approval?: Approval | null;
      };
    output: CutoverFacts;
  };
  settle: {
    input: ClaimedCall & BothSides & { readonly databases: readonly string[] };
    output: {
      readonly phase: Phase;
      readonly refreshedViews: number;
      /** Until when the applications can return, by the target's clock; ISO, null without a way back. */
      readonly wayBackUntil: string | null;
      readonly report: EvidencePointer;
    };
  };
  'give-back': {
    input: Call & {
      readonly epoch: string | null;
      readonly source: ServerFacts;
      readonly target: ServerFacts | null;
      readonly databases: readonly string[];
      /** Name and text of what failed, for the evidence. */
      readonly reason: string;
    };
    /**
     * `given-back`: the fence is lifted, the source is writable by exactly the roles that could write before; replication
     * goes on. `finished`: the flip had happened, so the forward path was completed instead.
     */
    output: { readonly outcome: 'given-back' | 'finished'; readonly detail: string; readonly report: EvidencePointer };
  };
  /** Turns the sides round for the way back, or turns them back when it did not happen (decision 14). */
  'turn-round': {
    input: Call &
      BothSides & {
        /** ARN of a dead execution whose way back the operator takes over; null otherwise. */
        readonly takeOver: string | null;
        readonly mode: 'begin' | 'undo';
      };
    output: {
      readonly epoch: string;
      readonly phase: Phase;
      readonly databases: readonly string[];
      /** End of the window by the target's clock; ISO. */
      readonly until: string;
    };
  };
  /** Closes the way back and puts both sides at rest; nothing of the source is deleted. */
  retire: {
    input: Call &
      BothSides & {
        /** Close the way back although its window is open. */
        readonly early: boolean;
      };
    output: {
      readonly epoch: string;
      readonly phase: Phase;
      /** By the target's clock; ISO. */
      readonly closedAt: string;
      readonly report: EvidencePointer;
    };
  };
  /** Measures the slots that the source reads from, and tells whether the window has ended. */
  'watch-way-back': {
    input: Call & { readonly target: InstanceFacts };
    output: {
      /** `none`: no way back is open, or somebody is on it; `over`: its window has ended by the target's clock. */
      readonly state: 'none' | 'open' | 'over';
      /** Somebody is to be told that the window has ended: at once, and then every day. */
      readonly due: boolean;
      /** End of the window by the target's clock; ISO, null without a way back. */
      readonly until: string | null;
      /** What was found, in words. */
      readonly detail: string;
    };
  };
  /** Lists what is left of the source that is not encrypted under the key. */
  'list-leftovers': {
    input: ClaimedCall & { readonly source: ServerFacts };
    output: {
      readonly count: number;
      /** At most twenty; all of them are in the report. */
      readonly leftovers: readonly Leftover[];
      readonly report: EvidencePointer;
    };
  };
  /** Takes down the replication and everything else that `prepare` and later steps changed on the source (I7). */
  release: {
    input: Call & {
      readonly epoch: string | null;
      readonly source: ServerFacts;
      readonly target: ServerFacts | null;
      readonly databases: readonly string[];
      readonly reason: string;
    };
    output: { readonly outcome: 'released' | 'refused'; readonly detail: string; readonly report: EvidencePointer };
  };
  /** Asks how an execution stands, and where the servers are: all that the reaper and the watch of the way back need of AWS. */
  locate: {
    input: Call & {
      /** ARN of the execution that is said to have ended; null asks for none, nor for the source. */
      readonly ended: string | null;
    };
    output: {
      /** Null when no execution was asked for; the source too. */
      readonly status: ExecutionStatus | null;
      readonly source: ServerFacts | null;
      /** Null before the restore. */
      readonly target: InstanceFacts | null;
    };
  };
  /** Takes what a dead execution holds: from then on its calls change nothing. */
  'take-over': {
    input: Call & { readonly source: ServerFacts; readonly target: ServerFacts | null; readonly ended: string };
    output: Holding;
  };
}

/** Input of a step. */
export type Input<S extends StepName> = Steps[S]['input'];

/** Output of a step. */
export type Output<S extends StepName> = Steps[S]['output'];
