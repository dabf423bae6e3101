/** A source to prune, and the steps of a pruning against it. */
import type { PruneEntry, PrunePolicy } from '../../../lambda/contract/prune';
import type { Server } from '../../../lambda/platform/postgres';
import { World } from '../../../lambda/platform/world';
import { concludeOn } from '../../../lambda/prune/conclude';
import { planOn } from '../../../lambda/prune/plan';
import { pruneRowsOn } from '../../../lambda/prune/rows';
import { claimOn } from '../../../lambda/seed/claim';
import { EXECUTION, Stage } from '../seed/stage';

/** An entry with the defaults of the configuration. */
export function entry(given: Partial<PruneEntry> & Pick<PruneEntry, 'table' | 'column' | 'olderThan'>): PruneEntry {
  return {
    database: 'app',
    schema: 'public',
    children: 'auto',
    keepLast: null,
    batchRows: 1_000,
    partitions: 'rows',
    confirmed: true,
    ...given,
  };
}

/** A policy of these entries. */
export function policyOf(entries: readonly PruneEntry[], given: Partial<PrunePolicy> = {}): PrunePolicy {
  return { entries, tolerance: 0, maxShare: 0.5, timeZone: 'UTC', workers: 2, ...given };
}

/** Runs the steps of a pruning on the source of a stage; evidence is kept in memory. */
export class PrunedSource {
  readonly evidence: { readonly name: string; readonly content: object }[] = [];
  epoch = '0';
  private holder: string | null = null;

  constructor(
    readonly stage: Stage,
    readonly databases: readonly string[] = ['app'],
  ) {}

  static async start(major = 17): Promise<PrunedSource> {
    return new PrunedSource(await Stage.start(major));
  }

  /** Runs SQL as the superuser. */
  sql<R extends object = Record<string, unknown>>(text: string, database = 'app'): Promise<R[]> {
    return this.stage.source.withAdmin(database, async (session) => (await session.query<R>(text)).rows);
  }

  /** Takes the claim from the execution before under one of its own, so that every pruning has its own epoch. */
  async claim(): Promise<void> {
    const takeOver = this.holder;
    const execution = `${EXECUTION}-${Math.random()}`;
    const { databases } = this;
    const { epoch } = await this.as('claim', undefined, (server, world) =>
      claimOn(server, { execution, takeOver, mode: 'hold', databases }, world),
    );
    this.epoch = epoch;
    this.holder = execution;
  }

  plan(policy: PrunePolicy, mode: 'preview' | 'decide' | 'queue') {
    return this.as('plan-prune', policy, (server, world) => planOn(server, this.databases, mode, world));
  }

  rows(worker = 0) {
    return this.as('prune-rows', undefined, (server, world) => pruneRowsOn(server, this.databases, worker, world));
  }

  conclude() {
    return this.as('conclude-prune', undefined, (server, world) => concludeOn(server, this.databases, world));
  }

  /** The whole phase, as the machine runs it. */
  async prune(policy: PrunePolicy) {
    await this.claim();
    await this.plan(policy, 'decide');
    await this.plan(policy, 'queue');
    return this.finish();
  }

  /** Workers and conclusion until nothing is left. */
  async finish() {
    for (;;) {
      await Promise.all([this.rows(0), this.rows(1)]);
      const concluded = await this.conclude();
      if (!concluded.again) return concluded;
    }
  }

  close(): Promise<void> {
    return this.stage.close();
  }

  private async as<T>(
    step: 'claim' | 'plan-prune' | 'prune-rows' | 'conclude-prune',
    policy: PrunePolicy | undefined,
    work: (server: Server<'source'>, world: World) => Promise<T>,
  ): Promise<T> {
    const made = this.stage.world(step, this.epoch);
    const world = new World(step, made.call, () => 240_000, {
      ...made.environment,
      ...(policy !== undefined && { prune: policy }),
    });
    world.keepEvidence = async (name, content) => {
      this.evidence.push({ name, content });
      return { bucket: 'evidence', key: name };
    };
    const server = this.stage.server('source', this.stage.source, world);
    try {
      return await work(server, world);
    } finally {
      await server.close();
    }
  }
}
