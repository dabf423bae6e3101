/** What a rehearsal is asked for: the flags of `npm start`, and what only tests set. */
import type { Client } from 'pg';
import type { StopAfter } from '../../../lambda/contract';
import type { SealiftConfig, SealiftConfigInput } from '../../config';
import type { Decide } from './approver';
import type { SwitchKind } from './door';
import type { RehearsalEvent } from './events';
import type { Interruption } from './interruptions';
import type { LocalAwsOptions } from './local-aws';
import type { Surroundings } from './surroundings';
import type { UserServer } from './user-server';

/** The sizes of the sample. */
export const SIZES = ['tiny', 'small', 'medium', 'large'] as const;

/** Size of the sample database. */
export type Size = (typeof SIZES)[number];

/** How the rows reach the target. */
export const ROADS = ['snapshot', 'copy'] as const;

/** How the rows reach the target: in a snapshot that it grows from, or over connections into an empty one. */
export type Road = (typeof ROADS)[number];

/** What the source is. */
export const SOURCE_KINDS = ['rds', 'server'] as const;

/** What the source is: an instance of RDS, or a server that AWS does not manage. */
export type SourceKind = (typeof SOURCE_KINDS)[number];
/** How later changes follow. */
export const ENGINES = ['native', 'pglogical'] as const;

/** How later changes follow: publication and subscription, or pglogical, which needs the servers of a package. */
export type Engine = (typeof ENGINES)[number];

/** What a user chooses. */
export interface UserOptions {
  /** Size of the sample; ignored with `dumpFiles`. */
  readonly size: Size;
  /** Plain `pg_dump` output, loaded in this order instead of the sample. */
  readonly dumpFiles: readonly string[];
  readonly road: Road;
  /** A server needs the copy road. */
  readonly sourceKind: SourceKind;
  /** A server that the user runs, in the place of one that is started; null without. */
  readonly userServer: UserServer | null;
  readonly engine: Engine;
  /** Major version of the source. */
  readonly sourceVersion: number;
  /** Major version of the target; newer than the source's on the copy road only. */
  readonly targetVersion: number;
  /** Parallel writers; 0 rehearses without load. */
  readonly writers: number;
  /** Directory of `report.json` and `report.html`. */
  readonly reportDirectory: string;
  /** Leave the servers running afterwards. */
  readonly keep: boolean;
  readonly stopAfter: StopAfter;
  /** Assess only; nothing is changed. */
  readonly dryRun: boolean;
  /** Damages the sample before the run, and lets the scan repair it. */
  readonly damage: boolean;
  /** Goes back after the cutover, when the writers have written on the target for a while. */
  readonly rollback: boolean;
  /** What the applications follow to the database. */
  readonly switch: SwitchKind;
  /** Whoever sits at the terminal approves the cutover, or refuses it. */
  readonly ask: boolean;
}

/** What tests change beyond the flags. */
export interface TestOptions extends LocalAwsOptions {
  /** Choices of the policy section that differ from the rehearsal's own. */
  readonly policy?: Partial<
    Pick<
      SealiftConfig['policy'],
      | 'missingReplicaIdentity'
      | 'largeObjects'
      | 'unloggedTables'
      | 'cutoverBudgetSeconds'
      | 'cutoverMaxLagBytes'
      | 'verifyWorkers'
      | 'standStillMinutes'
    >
  >;
  /** Whether the source is pruned and scanned before the copy. @default true */
  readonly pruneAndScan?: boolean;
  /** Whether the restored copy is scanned, in the source's place. @default false */
  readonly scanCopy?: boolean;
  /** What is pruned. @default the reference policy of the sample */
  readonly prune?: SealiftConfigInput['prune'];
  /** Parallel workers of the scan. @default the configuration's */
  readonly scanWorkers?: number;
  /** Runs against the loaded source before the writers start, as the superuser of one of its databases. */
  readonly prepare?: (database: string, session: Client) => Promise<void>;
  /** Runs when the source is loaded and before anything of Sealift touched it. */
  readonly beforeMigration?: (surroundings: Surroundings) => Promise<void>;
  /** Runs after the execution has ended and before the writers stop. */
  readonly afterMigration?: (surroundings: Surroundings) => Promise<void>;
  /** Pause of a writer between two transactions. @default the writers' own */
  readonly thinkMs?: number;
  /** How long the writers write before the migration begins. @default 2000 */
  readonly warmUpMs?: number;
  /** How long they go on when it has ended. @default 3000 */
  readonly afterwardsMs?: number;
  /** Port under which the target reaches the source, which listens at the port given. @default that one */
  readonly replicationPort?: (port: number) => Promise<number>;
  /** Port under which the source reaches the target, whose own port is answered once it is there. @default a plain link */
  readonly wayBackPort?: (portOfTarget: () => number | null) => Promise<number>;
  /** Whether a rollback window is configured although nobody goes back. @default false */
  readonly windowOpen?: boolean;
  /** How long the writers write on the target before the way back begins. @default 3000 */
  readonly onTargetMs?: number;
  /** Starts a second execution of `Migrate` while the first one replicates. @default false */
  readonly startTwice?: boolean;
  /** Executions that are ended from outside, one after the other, before the one that counts. @default none */
  readonly interruptions?: readonly Interruption[];
  /** The same of `Rollback`. @default none */
  readonly wayBackInterruptions?: readonly Interruption[];
}

/** Everything that a rehearsal is asked for. */
export interface RehearsalOptions extends UserOptions {
  /** Told of everything that happens. @default nobody is told */
  readonly onEvent?: (event: RehearsalEvent) => void;
  /** Answers when approval is asked for. @default it is always given */
  readonly decide?: Decide;
  /** Ends the rehearsal early: everything is stopped and deleted, and the rehearsal rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  readonly test?: TestOptions;
}

/** The defaults of the flags. */
export const DEFAULT_OPTIONS: UserOptions = {
  size: 'small',
  dumpFiles: [],
  road: 'snapshot',
  sourceKind: 'rds',
  userServer: null,
  engine: 'native',
  sourceVersion: 17,
  targetVersion: 17,
  writers: 4,
  reportDirectory: 'sealift-report',
  keep: false,
  stopAfter: 'cutover',
  dryRun: false,
  damage: false,
  rollback: false,
  switch: 'route53',
  ask: false,
};
