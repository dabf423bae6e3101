/** The disks of several servers at one moment, to be put back as often as something is to begin from there. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { copyDirectory } from '../servers/physical-copy';
import type { PostgresServer } from '../servers/postgres-server';

/** The data directories of stopped servers; all of them begin again from the same moment. */
export class Checkpoint {
  private constructor(
    private readonly servers: readonly PostgresServer[],
    private readonly directory: string,
  ) {}

  /** Stops the servers cleanly in their order, a publisher before its subscriber, and keeps copies below `directory`. */
  static async take(servers: readonly PostgresServer[], directory: string): Promise<Checkpoint> {
    const checkpoint = new Checkpoint(servers, directory);
    for (const server of servers) await server.stop();
    for (const [index, server] of servers.entries()) await copyDirectory(server.directory, checkpoint.place(index));
    return checkpoint;
  }

  /** Puts every server back to that moment and starts it; what happened since is lost. */
  async begin(): Promise<void> {
    await this.leave();
    for (const [index, server] of this.servers.entries()) {
      await rm(server.dataDirectory, { recursive: true, force: true });
      await copyDirectory(this.place(index), server.directory);
    }
    await Promise.all(this.servers.map((server) => server.start()));
  }

  /** Stops the servers at once: nobody needs what they hold. */
  async leave(): Promise<void> {
    await Promise.all(this.servers.map((server) => server.stop('immediate')));
  }

  private place(index: number): string {
    return join(this.directory, String(index));
  }
}
