/** The world of a step, given to its recipe: who calls, what the customer chose, how to reach the two servers. */
import * as z from 'zod';
import type { Phase, StepName } from '../contract';
import type { Call, ClaimedCall } from '../contract/call';
import type { Endpoint, EvidencePointer, HostFacts, InstanceFacts, ServerFacts } from '../contract/instance';
import { Blocked, NotReady } from '../errors';
import { type Environment, readEnvironment } from './environment';
import { type DocumentKind, type EvidencePlace, keepDocument, keepEvidence, readEvidence } from './evidence';
import type { Expectation } from './ledger';
import { createLog, type Log } from './log';
import { createMetricSink, type MetricSink } from './metrics';
import { applicationPrefix, shortHash } from './names';
import { Server, type Side } from './postgres';
import type { DescribedInstance } from './rds';
import { readCredentials } from './secrets';

const endpoint = z.strictObject({ host: z.string().min(1), port: z.number().int().positive() });

/** Everything outside a recipe. */
export class World {
  readonly log: Log;
  readonly metrics: MetricSink;
  private readonly servers: Server[] = [];

  constructor(
    readonly step: StepName,
    readonly call: Call | ClaimedCall,
    /** Milliseconds until the Lambda is ended. */
    readonly remainingMs: () => number,
    readonly environment: Environment = readEnvironment(),
  ) {
    this.log = createLog({ migrationId: environment.migrationId, step, execution: call.execution });
    this.metrics = createMetricSink(environment.migrationId);
  }

  /** The migration id. */
  get migrationId(): string {
    return this.environment.migrationId;
  }

  /** The epoch of a call that holds the claim; `0` for one that needs none. */
  get epoch(): string {
    return 'epoch' in this.call ? this.call.epoch : '0';
  }

  /** What the ledger must say for a change in one of `phases`. */
  expect(...phases: readonly Phase[]): Expectation {
    return { migrationId: this.migrationId, epoch: this.epoch, phases };
  }

  /** The server that is written to, as its master user. */
  openSource(source: ServerFacts): Promise<Server<'source'>> {
    return this.open('source', source);
  }

  /** The server that follows, as its master user. */
  openTarget(target: ServerFacts): Promise<Server<'target'>> {
    return this.open('target', target);
  }

  /** The target when it exists and answers, else null: whoever gives something back cannot wait for it. */
  async openTargetIfThere(target: ServerFacts | null): Promise<Server<'target'> | null> {
    return target === null ? null : this.openIfThere('target', target);
  }

  /** The source when it answers, else null: on the way back it is the other server that applications wait for. */
  openSourceIfThere(source: ServerFacts): Promise<Server<'source'> | null> {
    return this.openIfThere('source', source);
  }

  /** `application_name` of this step's sessions; `worker` tells siblings apart. */
  applicationName(worker = 0): string {
    const run = shortHash(this.call.execution);
    return `${applicationPrefix(this.migrationId, this.step)}${this.epoch}/${run}/${worker}`;
  }

  /** Keeps `content` as evidence under `name`. */
  keepEvidence(name: string, content: object): Promise<EvidencePointer> {
    return keepEvidence(this.evidencePlace(name), content);
  }

  /** Keeps a document for people as evidence under `name`. */
  keepDocument(name: string, kind: DocumentKind, text: string): Promise<EvidencePointer> {
    return keepDocument(this.evidencePlace(name), kind, text);
  }

  /** What a state may know of `instance`: its endpoint is kept as evidence. Null while it has none. */
  async locate({ facts, endpoint }: DescribedInstance): Promise<InstanceFacts | null> {
    if (endpoint === null) return null;
    return { ...facts, endpoint: await this.keepEvidence(`endpoint-${facts.resourceId}`, endpoint) };
  }

  /** The same of a source that AWS does not manage, of which RDS cannot be asked; null when the source is an instance. */
  async locateHost(): Promise<{ readonly facts: HostFacts; readonly endpoint: Endpoint } | null> {
    const { sourceEndpoint, sourceInstance } = this.environment;
    if (sourceEndpoint === undefined) return null;
    const kept = await this.keepEvidence(`endpoint-${sourceInstance}`, sourceEndpoint);
    return { facts: { kind: 'server', instanceId: sourceInstance, endpoint: kept }, endpoint: sourceEndpoint };
  }

  /** How `instance` is reached. */
  async endpointOf(instance: ServerFacts): Promise<Endpoint> {
    const found = endpoint.safeParse(await readEvidence(instance.endpoint));
    if (found.success) return found.data;
    throw new Blocked(
      `evidence ${instance.endpoint.key} holds no endpoint of instance ${instance.instanceId}, start the phase again`,
    );
  }

  /** Closes every connection; never throws. */
  async close(): Promise<void> {
    await Promise.all(this.servers.map((server) => server.close()));
  }

  private evidencePlace(name: string): EvidencePlace {
    const { migrationId, call, environment } = this;
    return { bucket: environment.evidenceBucket, migrationId, execution: call.execution, name };
  }

  /**
   * Whichever side an instance is on: the one that is left has the configured secret; the encrypted one that which RDS manages
   * for it, and before there is one that of its origin, which it inherited.
   */
  private secretOf(server: ServerFacts): string {
    const { sourceInstance, masterSecretArn: configured } = this.environment;
    if (server.kind === 'server' || server.instanceId === sourceInstance) return configured;
    return server.masterSecretArn ?? configured;
  }

  private async openIfThere<S extends Side>(side: S, instance: ServerFacts): Promise<Server<S> | null> {
    try {
      const server = await this.open(side, instance);
      await server.home();
      return server;
    } catch (error) {
      if (!(error instanceof NotReady)) throw error;
      this.log.warning(`${side} unreachable`, { instance: instance.instanceId });
      return null;
    }
  }

  private async open<S extends Side>(side: S, instance: ServerFacts): Promise<Server<S>> {
    const secretArn = this.secretOf(instance);
    const [endpoint, credentials] = await Promise.all([this.endpointOf(instance), readCredentials(secretArn)]);
    const server = new Server(side, {
      endpoint,
      credentials,
      applicationName: this.applicationName(),
      trustedCa: this.environment.trustedCa,
    });
    this.servers.push(server);
    return server;
  }
}
