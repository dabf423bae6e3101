/** The flags of `npm start`. */
import { parseArgs } from 'node:util';
import { STOP_AFTER, type StopAfter } from '../../../lambda/contract';
import type { ProgressMode } from '../report/progress/choose-progress';
import { KNOWN_MAJORS, majorsAtHand } from '../servers/binaries';
import { PGLOGICAL_MAJOR, PGLOGICAL_PACKAGE } from '../servers/packaged-binaries';
import { SWITCHES } from './door';
import { DEFAULT_OPTIONS, ENGINES, ROADS, SIZES, type Size, SOURCE_KINDS, type UserOptions } from './options';
import { RehearsalFailure } from './rehearsal-failure';
import { parseSource, type UserSource } from './user-source';

/** What the command line asks for. */
export type Command =
  | { readonly kind: 'help' }
  | {
      readonly kind: 'rehearse';
      readonly options: UserOptions;
      readonly mode: ProgressMode;
      /** A server that the user runs; absent without `--source`. */
      readonly source?: UserSource;
      /** The target's major where it was named, with `--source`. */
      readonly targetVersion?: number;
      /** Nobody is asked before something is made on that server. */
      readonly yes?: boolean;
    }
  /** `problem` is one line. */
  | { readonly kind: 'wrong'; readonly problem: string };

/** Most writers that a machine of a few cores can drive, and the server's connections allow. */
const MOST_WRITERS = 64;

/** The extension that plants the damage exists from this major on. */
const FIRST_DAMAGEABLE = 14;

/** What `--help` prints. */
export const HELP = `Rehearses one whole migration on this machine: real PostgreSQL servers, no AWS, no Docker.

npm start -- [flags]

  --size SIZE            sample database: tiny (20 MB), small (200 MB), medium (2 GB), large (20 GB); default small
  --dump FILE...         rehearse on your own plain pg_dump output instead; several files are loaded in order
  --road ROAD            how the rows reach the target: ${ROADS.join(' or ')}; default snapshot
  --source URL           rehearse on a server that you run, postgres://user@host:port/database: copied, compared and followed up
                         to the cutover, which is left out; what it makes there it names beforehand and removes at the end
  --databases A,B        with --source: databases to rehearse; default that of the URL, or all
  --yes                  with --source: do not ask before anything is made on it
  --source-kind KIND     what the source is: rds, an instance, or server, one that AWS does not manage, which needs
                         --road copy; default rds
  --engine ENGINE        how later changes follow: ${ENGINES.join(' or ')}; default native. pglogical needs --road copy and Debian's
                         ${PGLOGICAL_PACKAGE}, and takes major ${PGLOGICAL_MAJOR} on both sides
  --source-version N     PostgreSQL major of the source, ${KNOWN_MAJORS.join(', ')}; default 17
                         ${majorsAtHand().join(', ')} are there, every other is downloaded when it is first asked for
  --target-version N     the same for the target; default the source's, a newer one needs --road copy
  --writers N            parallel writers, 0 to ${MOST_WRITERS}; default 4
  --report DIR           where report.json and report.html go; default ./sealift-report
  --keep                 leave the servers running until Ctrl-C and print how to connect
  --quiet                print ended phases, warnings and the summary, nothing in between
  --json                 print events as JSON lines instead of drawn progress
  --stop-after PHASE     ${STOP_AFTER.join(', ')}; default cutover
  --switch KIND          what applications follow: ${SWITCHES.join(' or ')}; default route53
  --damage               damage the sample first: lost values, a zeroed page, an index that lies; Scan repairs it
  --rollback             go back to the source after the cutover, with everything that was written on the target
  --ask                  approve or refuse the cutover yourself: y or n by the message that an operator gets
  --dry-run              assess only: nothing is changed anywhere
  --help                 this text

Lines without control characters where the output is no terminal; NO_COLOR is respected.
Exit code: 0 everything held, 1 it did not (the reason and the remedy are printed), 2 a wrong flag, 130 Ctrl-C.
`;

const FLAGS = {
  size: { type: 'string' },
  dump: { type: 'string', multiple: true },
  road: { type: 'string' },
  source: { type: 'string' },
  databases: { type: 'string' },
  yes: { type: 'boolean' },
  'source-kind': { type: 'string' },
  engine: { type: 'string' },
  'source-version': { type: 'string' },
  'target-version': { type: 'string' },
  writers: { type: 'string' },
  report: { type: 'string' },
  keep: { type: 'boolean' },
  json: { type: 'boolean' },
  quiet: { type: 'boolean' },
  'stop-after': { type: 'string' },
  switch: { type: 'string' },
  damage: { type: 'boolean' },
  rollback: { type: 'boolean' },
  ask: { type: 'boolean' },
  'dry-run': { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

class WrongFlag extends Error {}

/** Reads the command line, without the program's name. */
export function readCommand(argv: readonly string[]): Command {
  try {
    const { values, positionals } = parseArgs({ args: [...argv], options: FLAGS, allowPositionals: true });
    if (values.help) return { kind: 'help' };
    // `--dump a.sql b.sql` as shells expand it: what follows belongs to the dump.
    if (positionals.length > 0 && !values.dump) throw new WrongFlag(`${positionals[0]} belongs to no flag`);
    const sourceVersion = major('--source-version', values['source-version']);
    if (values.source !== undefined) return ofUserServer(values);
    if (values.databases !== undefined || values.yes) throw new WrongFlag('--databases and --yes belong to --source');
    const options: UserOptions = {
      size: oneOf('--size', values.size, SIZES) ?? DEFAULT_OPTIONS.size,
      dumpFiles: [...(values.dump ?? []), ...positionals],
      road: oneOf('--road', values.road, ROADS) ?? DEFAULT_OPTIONS.road,
      userServer: null,
      sourceKind: oneOf('--source-kind', values['source-kind'], SOURCE_KINDS) ?? DEFAULT_OPTIONS.sourceKind,
      engine: oneOf('--engine', values.engine, ENGINES) ?? DEFAULT_OPTIONS.engine,
      sourceVersion: sourceVersion ?? DEFAULT_OPTIONS.sourceVersion,
      targetVersion:
        major('--target-version', values['target-version']) ?? sourceVersion ?? DEFAULT_OPTIONS.targetVersion,
      writers: whole('--writers', values.writers, MOST_WRITERS) ?? DEFAULT_OPTIONS.writers,
      reportDirectory: text('--report', values.report) ?? DEFAULT_OPTIONS.reportDirectory,
      keep: values.keep ?? false,
      stopAfter: oneOf<StopAfter>('--stop-after', values['stop-after'], STOP_AFTER) ?? DEFAULT_OPTIONS.stopAfter,
      damage: values.damage ?? false,
      rollback: values.rollback ?? false,
      dryRun: values['dry-run'] ?? false,
      ask: values.ask ?? false,
      switch: oneOf('--switch', values.switch, SWITCHES) ?? DEFAULT_OPTIONS.switch,
    };
    refuseDisagreements(options, values.size as Size | undefined);
    if (values.json && values.quiet) throw new WrongFlag('--quiet and --json are two ways of printing, choose one');
    return { kind: 'rehearse', options, mode: values.json ? 'json' : values.quiet ? 'quiet' : 'shown' };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (!(error instanceof WrongFlag) && !code?.startsWith('ERR_PARSE_ARGS')) throw error;
    const [firstSentence] = (error as Error).message.split(/\.\s/);
    return { kind: 'wrong', problem: `${firstSentence}; npm start -- --help lists the flags` };
  }
}

/** What says nothing about a server that is there already, or would change it. */
const NOT_WITH_SOURCE = [
  'size',
  'dump',
  'source-kind',
  'source-version',
  'engine',
  'writers',
  'keep',
  'damage',
  'rollback',
  'ask',
];

type Values = Readonly<Record<string, unknown>> & {
  readonly source?: string;
  readonly databases?: string;
  readonly road?: string;
  readonly report?: string;
  readonly switch?: string;
  readonly yes?: boolean;
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly 'stop-after'?: string;
  readonly 'target-version'?: string;
  readonly 'dry-run'?: boolean;
};

function ofUserServer(values: Values): Command {
  const idle = NOT_WITH_SOURCE.filter((flag) => values[flag] !== undefined);
  if (idle.length > 0) throw new WrongFlag(`--${idle[0]} is not for --source, a server that you run`);
  if (values.road !== undefined && values.road !== 'copy') throw new WrongFlag('--source goes by --road copy');
  const stopAfter = oneOf<StopAfter>('--stop-after', values['stop-after'], ['assess', 'replicate']) ?? 'replicate';
  const kind = oneOf('--switch', values.switch, SWITCHES) ?? DEFAULT_OPTIONS.switch;
  if (kind === 'rds-proxy') throw new WrongFlag('--switch rds-proxy leads to RDS alone, not to --source');
  const databases = (values.databases ?? '').split(',').filter(Boolean);
  const targetVersion = major('--target-version', values['target-version']);
  const options: UserOptions = {
    ...DEFAULT_OPTIONS,
    road: 'copy',
    sourceKind: 'server',
    writers: 0,
    reportDirectory: text('--report', values.report) ?? DEFAULT_OPTIONS.reportDirectory,
    stopAfter,
    switch: kind,
    dryRun: values['dry-run'] ?? false,
  };
  return {
    kind: 'rehearse',
    options,
    mode: values.json ? 'json' : values.quiet ? 'quiet' : 'shown',
    source: parsed(values.source ?? '', databases),
    ...(targetVersion !== undefined && { targetVersion }),
    yes: values.yes ?? false,
  };
}

function parsed(url: string, databases: readonly string[]): UserSource {
  try {
    return parseSource(url, databases);
  } catch (error) {
    if (error instanceof RehearsalFailure) throw new WrongFlag(error.message);
    throw error;
  }
}

function refuseDisagreements(options: UserOptions, size: Size | undefined): void {
  const { sourceVersion } = options;
  refuseVersions(options);
  refuseServer(options);
  if (size !== undefined && options.dumpFiles.length > 0)
    throw new WrongFlag('--size is for the sample, not for --dump');
  if (options.rollback && (options.dryRun || options.stopAfter !== 'cutover')) {
    throw new WrongFlag('--rollback goes back from a cutover: without --dry-run, and with --stop-after cutover');
  }
  if (options.damage && options.dumpFiles.length > 0) throw new WrongFlag('--damage is for the sample, not for --dump');
  if (options.damage && sourceVersion < FIRST_DAMAGEABLE) {
    throw new WrongFlag(
      `--damage needs PostgreSQL ${FIRST_DAMAGEABLE} or later, got --source-version ${sourceVersion}`,
    );
  }
}

function refuseServer({ sourceKind, road, switch: kind }: UserOptions): void {
  if (sourceKind !== 'server') return;
  if (road !== 'copy') throw new WrongFlag('--source-kind server needs --road copy: RDS takes no snapshot of it');
  if (kind === 'rds-proxy') throw new WrongFlag('--switch rds-proxy leads to RDS alone, not to --source-kind server');
}

function refuseVersions({ road, engine, rollback, sourceVersion, targetVersion }: UserOptions): void {
  if (engine === 'pglogical' && road !== 'copy')
    throw new WrongFlag('--engine pglogical carries rows of --road copy alone');
  if (engine === 'pglogical' && rollback)
    throw new WrongFlag('--engine pglogical has no way back, leave out --rollback');
  if (engine === 'pglogical' && (sourceVersion !== PGLOGICAL_MAJOR || targetVersion !== PGLOGICAL_MAJOR)) {
    throw new WrongFlag(
      `--engine pglogical is rehearsed with PostgreSQL ${PGLOGICAL_MAJOR} alone: add --source-version ${PGLOGICAL_MAJOR}`,
    );
  }
  if (targetVersion < sourceVersion) {
    throw new WrongFlag(
      `--target-version ${targetVersion} is older than --source-version ${sourceVersion}: no road leads to an older major, take ${sourceVersion} or later`,
    );
  }
  if (targetVersion > sourceVersion && road === 'snapshot') {
    throw new WrongFlag(
      `--target-version ${targetVersion} differs from --source-version ${sourceVersion}: a snapshot keeps the major, add --road copy`,
    );
  }
}

function oneOf<T extends string>(flag: string, value: string | undefined, allowed: readonly T[]): T | undefined {
  if (value === undefined) return undefined;
  const found = allowed.find((each) => each === value);
  if (found === undefined) throw new WrongFlag(`${flag} is one of ${allowed.join(', ')}, got ${JSON.stringify(value)}`);
  return found;
}

function whole(flag: string, value: string | undefined, most: number): number | undefined {
  if (value === undefined) return undefined;
  if (!/^\d{1,6}$/.test(value) || Number(value) > most) {
    throw new WrongFlag(`${flag} is a whole number from 0 to ${most}, got ${JSON.stringify(value)}`);
  }
  return Number(value);
}

function major(flag: string, value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  if (!KNOWN_MAJORS.map(String).includes(value)) {
    throw new WrongFlag(`${flag} is one of ${KNOWN_MAJORS.join(', ')}, got ${JSON.stringify(value)}`);
  }
  return Number(value);
}

function text(flag: string, value: string | undefined): string | undefined {
  if (value === '') throw new WrongFlag(`${flag} is empty`);
  return value;
}
