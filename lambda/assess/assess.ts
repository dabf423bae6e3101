/** The guard before the migration: every check, in one report. It changes nothing; each transaction is read only. */
import * as z from 'zod';
import type { Check, Input, Inspection, Output, Policy } from '../contract';
import { HOME_DATABASE } from '../platform/names';
import { bothSides, call, instanceFacts, surroundings } from '../platform/payload';
import type { World } from '../platform/world';
import { block, listed, pass, warn, worst } from './check';
import { accountChecks } from './checks/account';
import { awsChecks } from './checks/aws';
import { codeChecks, type FoundJobs } from './checks/code';
import { contentChecks } from './checks/content';
import { growthChecks, keylessBytes } from './checks/growth';
import { localeChecks } from './checks/locale';
import { othersChecks } from './checks/others';
import { privilegeChecks } from './checks/privileges';
import { serverChecks } from './checks/server';
import { volumeChecks } from './checks/volume';
import { type Choice, chooseDatabases } from './databases';
import { type PredictionFacts, predict } from './prediction';
import { type SizingFacts, sizeTarget } from './sizing';
import {
  type DatabaseSurvey,
  homeHoldsUserRelations,
  type ServerSurvey,
  surveyDatabases,
  surveyServer,
} from './survey';
import { surveyVolume, type VolumeSurvey, walPosition } from './volume';

/** A state holds 256 KiB; the report holds all (fault 15). */
const MAX_BLOCKS = 20;

/** Input of the step. */
export const assessInput = call.extend({
  inspection: z.strictObject({
    source: instanceFacts,
    target: z.strictObject({
      stackName: z.string(),
      stackStatus: z.string(),
      seed: z.string(),
      instance: bothSides.target.nullable(),
    }),
    key: z.strictObject({ arn: z.string(), state: z.string(), usage: z.string(), managedByCustomer: z.boolean() }),
    record: z.strictObject({
      name: z.string(),
      pointsTo: z.enum(['source', 'target', 'elsewhere', 'nothing']),
      ttlSeconds: z.number().nullable(),
    }),
    surroundings,
  }),
  takeOver: z.string().min(1).nullable().optional(),
});

/** Looks at AWS's answers, the server and every database, and judges them. */
export async function assess(input: Input<'assess'>, world: World): Promise<Output<'assess'>> {
  const { policy } = world.environment;
  const { migrationId } = world;
  const source = await world.openSource(input.inspection.source);
  const home = await source.home();
  const begun = await walPosition(home);
  const server = await surveyServer(home, migrationId);
  const choice = chooseDatabases(server.listed, policy.excludeDatabases, await homeHoldsUserRelations(home));
  const databases = await surveyDatabases(source, choice.names);
  const volume = await surveyVolume(home, migrationId, begun);
  const names = [...choice.names, ...choice.unreachable];
  const sizing = sizeTarget(sizingFacts(input.inspection, policy, databases, volume));
  const prediction = predict(predictionFacts(policy, databases, volume));
  const checks = [
    ...awsChecks(input.inspection, policy, migrationId),
    ...accountChecks(input.inspection),
    ...serverChecks(server, { migrationId, policy, databases: names, prediction }),
    ...volumeChecks({
      inspection: input.inspection,
      server,
      volume,
      sizing,
      prediction,
      databases: names.length,
    }),
    ...othersChecks(server, databases, {
      migrationId,
      execution: input.execution,
      takeOver: input.takeOver ?? null,
    }),
    ...privilegeChecks(server, databases, names),
    ...choiceChecks(choice),
    ...contentChecks(databases, policy),
    ...localeChecks(databases, input.inspection.surroundings),
    ...growthChecks(databases),
    ...codeChecks(databases, foundJobs(server, databases)),
  ];
  const verdict = worst(checks);
  const findings = { migrationId, verdict, checks, sizing, prediction, server, databases, volume };
  const report = await world.keepEvidence('assess', { ...findings, ...input });
  const facts = databases.map((survey) => survey.facts);
  return { verdict, counts: countsOf(checks), blocks: blocksOf(checks), databases: facts, sizing, prediction, report };
}

/** pg_cron keeps its jobs in one database of the server, mostly `postgres`, which need not be migrated itself. */
function foundJobs(server: ServerSurvey, databases: readonly DatabaseSurvey[]): FoundJobs | null {
  if (server.jobs !== null) return { database: HOME_DATABASE, jobs: server.jobs };
  const keeper = databases.find(({ content }) => content.jobs !== null);
  return keeper === undefined ? null : { database: keeper.facts.name, jobs: keeper.content.jobs ?? [] };
}

function sizingFacts(
  { source, surroundings: { target, offer } }: Inspection,
  policy: Policy,
  databases: readonly DatabaseSurvey[],
  volume: VolumeSurvey,
): SizingFacts {
  return {
    sourceClass: source.instanceClass,
    sourceStorageGib: source.allocatedStorageGib,
    databaseBytes: volume.databaseBytes,
    relations: databases.reduce((sum, { relations }) => sum + relations, 0),
    connectedSessions: volume.connectedSessions,
    activeSessions: volume.activeSessions,
    configured: target,
    configuredWorkers: policy.verifyWorkers,
    mostStorageGib: offer?.maxStorageGib ?? null,
  };
}

function predictionFacts(policy: Policy, databases: readonly DatabaseSurvey[], volume: VolumeSurvey): PredictionFacts {
  return {
    databaseBytes: volume.databaseBytes,
    verifiedBytes: databases.reduce((sum, { facts }) => sum + facts.bytes, 0),
    verifyWorkers: policy.verifyWorkers,
    walBytesPerSecond: volume.wal.bytesPerSecond,
    walBasis: volume.wal.basis,
    keylessBytes: keylessBytes(databases),
    recordTtlSeconds: policy.recordTtlSeconds,
  };
}

function choiceChecks(choice: Choice): readonly Check[] {
  return [chosen(choice), leftOut(choice)];
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

/** On the snapshot road they arrive as they were in the snapshot, and nothing follows them. */
function leftOut({ leftOut: left, unknownExclusions }: Choice): Check {
  const id = 'databases-left-out';
  const found = [
    ...left.map(({ name, reason }) => `${name} (${reason})`),
    ...unknownExclusions.map((name) => `${name} (excluded but does not exist)`),
  ];
  if (found.length === 0) return pass(id, 'every database is migrated');
  return warn(
    id,
    `left out: ${listed(found)}`,
    'they arrive as they were when the snapshot was taken, without any later change; correct excludeDatabases if not meant',
  );
}

function countsOf(checks: readonly Check[]): Record<Check['verdict'], number> {
  const count = (verdict: Check['verdict']) => checks.filter((check) => check.verdict === verdict).length;
  return { pass: count('pass'), warn: count('warn'), block: count('block') };
}

function blocksOf(checks: readonly Check[]): readonly Check[] {
  return checks.filter((check) => check.verdict === 'block').slice(0, MAX_BLOCKS);
}
