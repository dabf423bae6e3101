/** Everything that stands when the migration begins: a loaded source, deployed stacks, and writers at work. */
import { join } from 'node:path';
import { openLink } from '../chaos/link';
import { damageSample } from '../sample/damage-sample';
import { makeKeysPlain } from '../sample/plain-keys';
import { REFERENCE_POLICY } from '../sample/reference-policy';
import { engineVersionOf } from '../servers/binaries';
import { binariesOf } from '../servers/packaged-binaries';
import type { PostgresServer } from '../servers/postgres-server';
import type { RunDirectory } from '../servers/run-directory';
import { rehearsalConfiguration } from './configuration';
import type { Content } from './content';
import { type Deployment, deploy } from './deploy';
import { whereTheDoorLeads } from './door';
import type { Tell } from './events';
import { loadContent, writerRoles } from './load-content';
import { type LocalAws, startLocalAws } from './local-aws';
import type { RehearsalOptions } from './options';
import { SOURCE_INSTANCE } from './place';
import { createRoleSecrets, fillRoleSecrets } from './role-secrets';
import { createSource, type Source } from './source';
import { StepProgress } from './step-progress';
import type { Surroundings } from './surroundings';
import { synthesize } from './synthesize';
import type { Timeline } from './timeline';
import { startTraffic, type Traffic } from './traffic';

/** How long the writers write before the migration begins. */
const WARM_UP_MS = 2_000;

/** What the migration finds. */
export interface Stage {
  readonly aws: LocalAws;
  readonly source: Source;
  /** What the target is configured to run, such as `17.10`. */
  readonly targetEngineVersion: string;
  readonly content: Content;
  readonly deployment: Deployment;
  /** Null without writers. */
  readonly traffic: Traffic | null;
  /** What hooks may look at. */
  readonly surroundings: Surroundings;
  /** The target's server; null before the restore. */
  target(): PostgresServer | null;
}

/** What the run is given while it is set up, so that an end at any moment finds everything that must end. */
export interface Cleanup {
  /** Runs when the rehearsal ends, latest first. */
  add(end: () => Promise<void> | void): void;
}

/** Sets the stage; the loading and the synthesis run side by side. */
export async function setStage(
  run: RunDirectory,
  options: RehearsalOptions,
  timeline: Timeline,
  tell: Tell,
  cleanup: Cleanup,
): Promise<Stage> {
  const note = (text: string) => tell({ kind: 'note', text });
  const progress = new StepProgress(tell);
  const { userServer } = options;
  // Before the local AWS, and so behind it at the end: no function can make anew what was removed.
  if (userServer) cleanup.add(() => userServer.leave());
  const aws = await startLocalAws(
    run,
    {
      onState: (arn, event) => timeline.note(arn, event),
      onStepCall: (call) => {
        progress.note(call);
        if (call.failure) tell({ kind: 'step-failed', step: call.step, ...call.failure });
      },
    },
    options.test,
    binariesOf(options.engine),
  );
  cleanup.add(() => aws.close());
  const { preparation } = options.test ?? {};
  const { source, targetEngineVersion } = await timeline.during('Start the source', async () => ({
    // A major that has to be fetched is fetched before anything waits for it.
    targetEngineVersion: engineVersionOf(await binariesOf(options.engine)(options.targetVersion, { onProgress: note })),
    source: await createSource({
      aws,
      run,
      kind: options.sourceKind,
      major: options.sourceVersion,
      tell: note,
      names: preparation?.names,
      userServer,
      cleanup,
      engine: options.engine,
    }),
  }));
  const rolePasswordArns = createRoleSecrets(
    aws,
    userServer ? [] : writerRoles(options),
    preparation?.names.secretSuffix,
  );
  const aborting = new AbortController();
  cleanup.add(() => aborting.abort());
  const { pruneAndScan = userServer === null, scanCopy = false } = options.test ?? {};
  const config = rehearsalConfiguration(
    {
      road: options.road,
      sourceKind: options.sourceKind,
      leftAlone: userServer?.found.others ?? null,
      engine: options.engine,
      rolePasswordArns,
      masterSecretArn: source.masterSecretArn,
      hostedZoneId: source.hostedZoneId,
      applicationSecretArn: source.applicationSecretArn,
      proxy: source.proxy,
      hookArn: source.hookArn,
      switchKind: options.switch,
      scans: scanCopy ? 'target' : pruneAndScan ? 'source' : null,
      scanWorkers: options.test?.scanWorkers,
      damaged: options.damage,
      caPem: source.ca.pem,
      caPath: source.ca.path,
      wayBackPort:
        options.rollback || options.test?.windowOpen === true ? await wayBackPort(aws, options, cleanup) : null,
      sourcePort: (await options.test?.replicationPort?.(source.server.port)) ?? source.server.port,
      targetEngineVersion,
    },
    options.test?.policy,
    pruneAndScan && options.dumpFiles.length === 0 ? (options.test?.prune ?? REFERENCE_POLICY) : {},
  );
  const make = (directory: string) => synthesize(config, directory, aborting.signal);
  const [content, assembly] = await Promise.all([
    timeline.during('Load the database', () => contentOf(source, options, tell)),
    timeline.during(
      'Synthesize the stacks',
      () => preparation?.assembly(config, make) ?? make(join(run.path, 'cdk.out')),
    ),
  ]);
  fillRoleSecrets(aws, rolePasswordArns, content.writerDatabases);
  const deployment = await timeline.during('Deploy the stacks', () => deploy(aws, assembly, note));
  const { own } = source;
  if (options.damage && own) await timeline.during('Damage the database', () => damageSample(own));
  const target = () => targetOf(aws);
  const { databases, writerDatabases } = content;
  const surroundings = {
    get source() {
      if (own) return own;
      throw new Error('the source is a server of the user, which nothing but the migration touches');
    },
    databases,
    writerDatabases,
    aws,
    assemblyDirectory: assembly.directory,
    target,
  };
  await options.test?.beforeMigration?.(surroundings);
  const traffic = await timeline.during('Start the writers', () =>
    writeForAWhile({ aws, source, content }, options, tell, cleanup),
  );
  return { aws, source, targetEngineVersion, content, deployment, traffic, surroundings, target };
}

async function writeForAWhile(
  { aws, source, content }: Pick<Stage, 'aws' | 'source' | 'content'>,
  options: RehearsalOptions,
  tell: Tell,
  cleanup: Cleanup,
): Promise<Traffic | null> {
  const door = () => whereTheDoorLeads(aws, options.switch, source);
  const traffic = await startTraffic({ ca: source.ca.pem, door, content }, options, tell);
  if (!traffic) return null;
  cleanup.add(() => {
    traffic.stopTelling();
    traffic.writers.kill();
  });
  await new Promise((resolve) => setTimeout(resolve, options.test?.warmUpMs ?? WARM_UP_MS));
  return traffic;
}

/** What the source holds: what was kept of a run before, or else what is loaded, and kept when that is wanted. */
async function contentOf(source: Source, options: RehearsalOptions, tell: Tell): Promise<Content> {
  if (options.userServer) {
    return { databases: options.userServer.found.databases, writerDatabases: [], writerMode: 'generic' };
  }
  const { preparation } = options.test ?? {};
  const kept = preparation?.content;
  if (kept) return kept;
  const content = await loadContent(source, options, tell);
  if (source.own && options.engine === 'pglogical' && options.dumpFiles.length === 0) await makeKeysPlain(source.own);
  if (source.own) await preparation?.keepSource(source.own, content);
  return content;
}

/** The target has no port before it is born, and the configuration needs one: a link leads to whatever it will have. */
async function wayBackPort(aws: LocalAws, { test }: RehearsalOptions, cleanup: Cleanup): Promise<number> {
  const portOfTarget = () => targetOf(aws)?.port ?? null;
  if (test?.wayBackPort) return test.wayBackPort(portOfTarget);
  const link = await openLink(portOfTarget);
  cleanup.add(() => link.close());
  return link.port;
}

/** There are two instances at most, and one is the source. */
function targetOf(aws: LocalAws): PostgresServer | null {
  const instance = aws.plane.rds.instances.list().find(({ instanceId }) => instanceId !== SOURCE_INSTANCE);
  return (instance && aws.server(instance.instanceId)) ?? null;
}
