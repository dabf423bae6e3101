/** A source to be scanned, and the steps of the scan as one invocation each would run them. */
import type { Policy } from '../../../lambda/contract/settings';
import type { Server, Side } from '../../../lambda/platform/postgres';
import { World } from '../../../lambda/platform/world';
import { concludeScanOn } from '../../../lambda/scan/conclude';
import { planScanOn } from '../../../lambda/scan/plan';
import { quarantineOn } from '../../../lambda/scan/quarantine';
import { scanRangesOn } from '../../../lambda/scan/work';
import { claimOn } from '../../../lambda/seed/claim';
import type { PostgresServer } from '../../../lib/rehearsal/servers/postgres-server';
import { EXECUTION, Stage } from '../seed/stage';

/** Scanned databases; the home ledger lies in another. */
export const SCANNED = ['app'] as const;

type ScanStep = 'plan-scan' | 'scan-ranges' | 'conclude-scan' | 'quarantine';

/** What `keepEvidence` was given, newest last. */
export interface Kept {
  readonly name: string;
  readonly content: object;
}

/** One source with its claim. */
export class Ward {
  readonly kept: Kept[] = [];
  policy: Policy['scan'] = { repair: 'block', maxBadRows: 100, workers: 2 };

  private constructor(
    readonly stage: Stage,
    private epoch: string,
  ) {}

  static async start(major: number, settings: Record<string, string | number> = {}): Promise<Ward> {
    const ward = new Ward(await Stage.start(major, { autovacuum: 'off', ...settings }), '0');
    await ward.claim(EXECUTION);
    return ward;
  }

  get source(): PostgresServer {
    return this.stage.source;
  }

  /** Takes the claim for an execution; another one begins a new epoch. */
  async claim(execution: string, takeOver: string | null = null): Promise<void> {
    const world = this.stage.world('claim', '0', { execution });
    const server = this.stage.server('source', this.source, world);
    const asked = { execution, databases: SCANNED, takeOver, mode: 'hold' } as const;
    this.epoch = (await claimOn(server, asked, world).finally(() => server.close())).epoch;
  }

  /** Frees the claim. */
  async release(execution: string): Promise<void> {
    const world = this.stage.world('claim', '0', { execution });
    const server = this.stage.server('source', this.source, world);
    await claimOn(server, { execution, databases: SCANNED, takeOver: null, mode: 'release' }, world);
    await server.close();
  }

  plan = () => this.call('plan-scan', (server, world) => planScanOn(server, SCANNED, world));
  scan = (worker = 0) => this.call('scan-ranges', (server, world) => scanRangesOn(server, SCANNED, worker, world));
  conclude = () => this.call('conclude-scan', (server, world) => concludeScanOn(server, SCANNED, world));
  quarantine = () => this.call('quarantine', (server, world) => quarantineOn(server, SCANNED, world));

  /** Plans, scans with one worker, concludes. */
  async run() {
    await this.plan();
    await this.scan();
    return this.conclude();
  }

  /** Scans a copy that follows the source, as far as its ledger says. */
  async runOnCopy(copy: PostgresServer) {
    for (const database of [...SCANNED, 'postgres']) {
      await copy.withAdmin(database, (session) =>
        session.query(`update sealift.migration set side = 'target', phase = 'replicating'`),
      );
    }
    await this.callOn('target', copy, 'plan-scan', (server, world) => planScanOn(server, SCANNED, world));
    await this.callOn('target', copy, 'scan-ranges', (server, world) => scanRangesOn(server, SCANNED, 0, world));
    return this.callOn('target', copy, 'conclude-scan', (server, world) => concludeScanOn(server, SCANNED, world));
  }

  /** Rows of a query, as the superuser. */
  rows<R extends object = Record<string, unknown>>(text: string, database = 'app'): Promise<R[]> {
    return this.source.withAdmin(database, async (session) => (await session.query<R>(text)).rows);
  }

  /** Phase of the home ledger. */
  async phase(): Promise<string | undefined> {
    return (await this.rows<{ phase: string }>('select phase from sealift.migration', 'postgres'))[0]?.phase;
  }

  close(): Promise<void> {
    return this.stage.close();
  }

  private call<T>(step: ScanStep, work: (server: Server<'source'>, world: World) => Promise<T>): Promise<T> {
    return this.callOn('source', this.source, step, work);
  }

  private async callOn<S extends Side, T>(
    side: S,
    postgres: PostgresServer,
    step: ScanStep,
    work: (server: Server<S>, world: World) => Promise<T>,
  ): Promise<T> {
    const base = this.stage.world(step, this.epoch, { policy: { scan: this.policy } });
    const world = new (class extends World {
      constructor(private readonly kept: Kept[]) {
        super(step, base.call, base.remainingMs, base.environment);
      }
      override async keepEvidence(name: string, content: object) {
        this.kept.push({ name, content: JSON.parse(JSON.stringify(content)) });
        return { bucket: 'evidence', key: name };
      }
    })(this.kept);
    const server = this.stage.server(side, postgres, world);
    try {
      return await work(server, world);
    } finally {
      await server.close();
    }
  }
}
