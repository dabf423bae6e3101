/** The guard before the migration: every check, in one report. It changes nothing; each transaction is read only. */
import * as z from 'zod';
import type { Check, Inspection } from '../contract/assessment';
import type { Input, Output } from '../contract/payloads';
import type { CopySettings, Policy } from '../contract/settings';
import { requireCopySettings } from '../platform/environment';
import { call, instanceFacts, serverFacts, surroundings } from '../platform/payload';
import type { World } from '../platform/world';
import { chooseDatabases } from './databases';
import { enterHost } from './enter-host';
import { judge, type Seen } from './judge';
import { located } from './located';
import { type Assessment, count } from './report/assessment';
import { renderPage } from './report/page';
import { renderScreen } from './report/screen';
import { type DatabaseSurvey, homeHoldsUserRelations, surveyDatabases, surveyServer } from './survey';
import { surveyHost } from './survey-host';
import { SAMPLE_MS, surveyVolume, walPosition } from './volume';

/** A state holds 256 KiB; the report holds all (fault 15). */
const MAX_BLOCKS = 20;

/** Tables that the page lists. */
const LARGEST_TABLES = 20;

/** Input of the step. */
export const assessInput = call.extend({
  inspection: z.strictObject({
    source: serverFacts,
    target: z.strictObject({
      stackName: z.string(),
      stackStatus: z.string(),
      seed: z.string(),
      instance: instanceFacts.nullable(),
    }),
    key: z.strictObject({ arn: z.string(), state: z.string(), usage: z.string(), managedByCustomer: z.boolean() }),
    record: z.strictObject({
      kind: z.enum(['route53', 'secret', 'parameter', 'rds-proxy', 'hook']),
      name: z.string(),
      pointsTo: z.enum(['source', 'target', 'elsewhere', 'nothing']),
      ttlSeconds: z.number().nullable(),
    }),
    surroundings,
  }),
  takeOver: z.string().min(1).nullable().optional(),
});

/**
 * Looks at AWS's answers, the server and every database, judges them, and keeps what was found; WAL is sampled for at least
 * `walSampleMs`.
 */
export async function assess(input: Input<'assess'>, world: World, walSampleMs = SAMPLE_MS): Promise<Output<'assess'>> {
  const { migrationId } = world;
  const seen = await look(input, world, walSampleMs);
  const { server, databases, volume, host } = seen;
  const { execution, takeOver = null } = input;
  const judgement = judge(seen, { migrationId, execution, takeOver, ...choices(world) });
  const { verdict, checks, sizing, prediction } = judgement;
  const report = await world.keepEvidence('assess', {
    migrationId,
    ...judgement,
    server,
    databases,
    volume,
    ...(host !== null && { host }),
    ...input,
  });
  const facts = databases.map((survey) => survey.facts);
  const forPeople: Assessment = {
    migrationId,
    ...judgement,
    at: input.inspection.surroundings.inspectedAt,
    source: input.inspection.source,
    version: server.version,
    databases: facts,
    largest: largestTables(databases),
  };
  const page = await world.keepDocument('assessment', 'html', renderPage(forPeople));
  const screen = await world.keepDocument('assessment', 'txt', renderScreen(forPeople));
  const blocks = blocksOf(checks);
  return { verdict, counts: count(checks), blocks, databases: facts, sizing, prediction, report, page, screen };
}

/** What the configuration says; the copy road does not go without its settings. */
function choices({ environment }: World): { policy: Policy; copy: CopySettings | null } {
  const { policy } = environment;
  return { policy, copy: policy.road === 'snapshot' ? null : requireCopySettings(environment) };
}

async function look({ inspection }: Input<'assess'>, world: World, walSampleMs: number): Promise<Seen> {
  const { migrationId, environment } = world;
  const source = await world.openSource(inspection.source);
  const home = isHost(inspection) ? await enterHost(source, inspection.source.instanceId) : await source.home();
  const begun = await walPosition(home);
  const server = await surveyServer(home, migrationId);
  const holdsRelations = await homeHoldsUserRelations(home);
  const choice = chooseDatabases(server.listed, environment.policy.excludeDatabases, holdsRelations);
  const databases = await surveyDatabases(source, choice.names);
  const host = isHost(inspection) ? await surveyHost(source, home, choice.names) : null;
  const volume = await surveyVolume(home, migrationId, begun, walSampleMs);
  return { inspection, server, choice, databases, host, volume };
}

function isHost({ source }: Inspection): boolean {
  return source.kind === 'server';
}

function largestTables(databases: readonly DatabaseSurvey[]): Assessment['largest'] {
  return located(databases, ({ content }) => content.largest)
    .sort((left, right) => right.bytes - left.bytes)
    .slice(0, LARGEST_TABLES);
}

function blocksOf(checks: readonly Check[]): readonly Check[] {
  return checks.filter((check) => check.verdict === 'block').slice(0, MAX_BLOCKS);
}
