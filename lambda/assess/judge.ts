/** From everything that was seen to every check, the size and the prediction: pure. */
import type { Check, Inspection, Prediction, Sizing } from '../contract/assessment';
import type { CopySettings, Policy } from '../contract/settings';
import { HOME_DATABASE } from '../platform/names';
import { block, listed, pass, warn, worst } from './check';
import { accountChecks } from './checks/account';
import { awsChecks } from './checks/aws';
import { codeChecks, type FoundJobs } from './checks/code';
import { contentChecks } from './checks/content';
import { rewrittenValues } from './checks/forms';
import { growthChecks, keylessBytes } from './checks/growth';
import { hostChecks } from './checks/host';
import { localeChecks } from './checks/locale';
import { type Asker, othersChecks } from './checks/others';
import { pglogicalChecks } from './checks/pglogical';
import { privilegeChecks } from './checks/privileges';
import { serverChecks } from './checks/server';
import { volumeChecks } from './checks/volume';
import type { Choice } from './databases';
import { type PredictionFacts, predict } from './prediction';
import { type SizingFacts, sizeTarget } from './sizing';
import type { DatabaseSurvey, ServerSurvey } from './survey';
import type { HostSurvey } from './survey-host';
import type { VolumeSurvey } from './volume';

/** Everything that was seen. */
export interface Seen {
  readonly inspection: Inspection;
  readonly server: ServerSurvey;
  readonly choice: Choice;
  readonly databases: readonly DatabaseSurvey[];
  readonly volume: VolumeSurvey;
  /** Null of an instance of RDS. */
  readonly host: HostSurvey | null;
}

/** What comes of it. */
export interface Judgement {
  readonly verdict: Check['verdict'];
  readonly checks: readonly Check[];
  readonly sizing: Sizing;
  readonly prediction: Prediction;
}

/** Judges what was seen. */
export function judge(
  seen: Seen,
  asker: Asker & { readonly policy: Policy; readonly copy: CopySettings | null },
): Judgement {
  const { inspection, server, choice, databases, volume, host } = seen;
  const kind = host === null ? 'rds' : 'server';
  const { migrationId, policy, copy } = asker;
  const { road } = policy;
  const names = [...choice.names, ...choice.unreachable];
  const sizing = sizeTarget(sizingFacts(seen, policy));
  const prediction = predict(predictionFacts(seen, policy, copy));
  const checks = [
    ...awsChecks(inspection, policy, { migrationId, versionNumber: server.versionNumber }),
    ...accountChecks(inspection, policy),
    ...(host === null
      ? []
      : hostChecks(host, { migrationId, server, databases: choice.names, surveys: databases, policy, copy })),
    ...serverChecks(server, { migrationId, kind, policy, databases: names, prediction, tables: mostTables(databases) }),
    ...volumeChecks({
      inspection,
      road,
      server,
      volume,
      storedBytes: storedBytes(seen, road),
      sizing,
      prediction,
      databases: names.length,
    }),
    ...othersChecks(server, databases, asker),
    ...privilegeChecks(server, databases, names, { kind, copy }),
    wayBack(policy),
    ...choiceChecks(choice, road),
    ...contentChecks(databases, policy),
    ...localeChecks(databases, inspection.surroundings, copy),
    ...pglogicalChecks(server, databases, policy, kind),
    rewrittenValues(databases, Math.trunc(server.versionNumber / 10_000), targetMajor(inspection)),
    ...growthChecks(databases),
    ...codeChecks(databases, foundJobs(server, databases), road),
  ];
  return { verdict: worst(checks), checks, sizing, prediction };
}

/** Of the instance, or of the one that is configured. */
function targetMajor({ target, surroundings }: Inspection): number {
  return Number.parseInt(target.instance?.engineVersion ?? surroundings.target.engineVersion, 10);
}

function mostTables(databases: readonly DatabaseSurvey[]): number {
  return databases.reduce((most, { facts }) => Math.max(most, facts.tables), 0);
}

/** pg_cron keeps its jobs in one database of the server, mostly `postgres`, which need not be migrated itself. */
function foundJobs(server: ServerSurvey, databases: readonly DatabaseSurvey[]): FoundJobs | null {
  if (server.jobs !== null) return { database: HOME_DATABASE, jobs: server.jobs };
  const keeper = databases.find(({ content }) => content.jobs !== null);
  return keeper === undefined ? null : { database: keeper.facts.name, jobs: keeper.content.jobs ?? [] };
}

/** What the target must hold: a snapshot has every database of the instance. */
function storedBytes({ databases, volume }: Seen, road: Policy['road']): number {
  return road === 'snapshot' ? volume.databaseBytes : databases.reduce((sum, { facts }) => sum + facts.bytes, 0);
}

function sizingFacts(seen: Seen, policy: Policy): SizingFacts {
  const { inspection, databases, volume } = seen;
  const { source } = inspection;
  const { target, offer } = inspection.surroundings;
  return {
    road: policy.road,
    sourceClass: source.kind === 'server' ? null : source.instanceClass,
    sourceStorageGib: source.kind === 'server' ? null : source.allocatedStorageGib,
    databaseBytes: storedBytes(seen, policy.road),
    relations: databases.reduce((sum, { relations }) => sum + relations, 0),
    connectedSessions: volume.connectedSessions,
    activeSessions: volume.activeSessions,
    configured: target,
    configuredWorkers: policy.verifyWorkers,
    mostStorageGib: offer?.maxStorageGib ?? null,
  };
}

function predictionFacts(
  { inspection, databases, volume }: Seen,
  policy: Policy,
  copy: CopySettings | null,
): PredictionFacts {
  return {
    copies: copy === null ? null : { workers: copy.workers, builds: copy.builds },
    databaseBytes: volume.databaseBytes,
    verifiedBytes: databases.reduce((sum, { facts }) => sum + facts.bytes, 0),
    verifyWorkers: policy.verifyWorkers,
    prunedTables: policy.before.prunedTables,
    scanWorkers: policy.before.scans ? policy.scan.workers : null,
    walBytesPerSecond: volume.wal.bytesPerSecond,
    walBasis: volume.wal.basis,
    keylessBytes: keylessBytes(databases),
    recordTtlSeconds: policy.recordTtlSeconds,
    switchKind: inspection.record.kind,
  };
}

/** Nobody shall learn after the cutover that there is none. */
function wayBack({ rollback: { windowHours } }: Policy): Check {
  if (windowHours === 0) {
    return pass(
      'way-back',
      'none is prepared (rollback.windowHours is 0): after the cutover the source does not get what is written on the target',
    );
  }
  return pass(
    'way-back',
    `for ${windowHours} hours after the cutover Rollback can return to the source with every write`,
  );
}

function choiceChecks(choice: Choice, road: Policy['road']): readonly Check[] {
  return [chosen(choice), leftOut(choice, road)];
}

function chosen({ names, unreachable }: Choice): Check {
  const all = [...names, ...unreachable];
  if (all.length > 0) return pass('databases', `${all.length} databases: ${listed(all)}`);
  return block(
    'databases',
    'there is no database to migrate',
    'name an instance with a user database, or exclude fewer',
  );
}

/** On the snapshot road they arrive as they were in the snapshot, and nothing follows them; on the copy road not at all. */
function leftOut({ leftOut: left, unknownExclusions }: Choice, road: Policy['road']): Check {
  const id = 'databases-left-out';
  const found = [
    ...left.map(({ name, reason }) => `${name} (${reason})`),
    ...unknownExclusions.map((name) => `${name} (excluded but does not exist)`),
  ];
  if (found.length === 0) return pass(id, 'every database is migrated');
  return warn(
    id,
    `left out: ${listed(found)}`,
    `${road === 'copy' ? 'they do not arrive at all' : 'they arrive as they were when the snapshot was taken, without any later change'}; correct excludeDatabases if not meant`,
  );
}
