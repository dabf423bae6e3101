/**
 * What runs of one process share, so that only the first of them makes it: the certificate authority, the stacks that a configuration
 * is synthesized to, and the loaded source, which later runs begin with a copy of.
 */
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { SealiftConfigInput } from '../../config';
import type { CloudAssembly } from '../cloudformation/assembly';
import { type CertificateAuthority, createCertificateAuthority } from '../servers/certificate-authority';
import { copyDirectory } from '../servers/physical-copy';
import type { PostgresServer } from '../servers/postgres-server';
import type { RunDirectory } from '../servers/run-directory';
import type { Content } from './content';

/** The prepared parts; not for two runs at the same time. */
export class Preparation {
  readonly #assemblies = new Map<string, CloudAssembly>();
  #source: { readonly directory: string; readonly content: Content } | null = null;

  private constructor(
    /** Holds the parts, and must outlive every run. */
    private readonly directory: string,
    readonly authority: CertificateAuthority,
    /** Path of the authority's certificate that every server can read. */
    readonly caPath: string,
    /** What AWS would draw for the names that the configuration holds; the same in every run, or no two would be alike. */
    readonly names: { readonly secretSuffix: string; readonly hostedZoneId: string },
  ) {}

  /** Prepares in a directory of its own. */
  static async begin({ path }: RunDirectory): Promise<Preparation> {
    const authority = await createCertificateAuthority();
    const caPath = join(path, 'rds-ca.pem');
    await writeFile(caPath, authority.caPem, { mode: 0o644 });
    const names = {
      secretSuffix: randomBytes(3).toString('hex'),
      hostedZoneId: `Z${randomBytes(10).toString('hex').toUpperCase()}`,
    };
    return new Preparation(path, authority, caPath, names);
  }

  /** The stacks of a configuration; `synthesize` writes them into the directory given when nobody did so before. */
  async assembly(
    config: SealiftConfigInput,
    synthesize: (outputDirectory: string) => Promise<CloudAssembly>,
  ): Promise<CloudAssembly> {
    const key = JSON.stringify(config);
    const assembly =
      this.#assemblies.get(key) ?? (await synthesize(join(this.directory, `cdk.out-${this.#assemblies.size + 1}`)));
    this.#assemblies.set(key, assembly);
    return assembly;
  }

  /** Directory of a stopped server that holds the content; null before the first run kept one. */
  get sourceDirectory(): string | null {
    return this.#source?.directory ?? null;
  }

  /** What a source that begins as a copy holds; null before the first run kept one. */
  get content(): Content | null {
    return this.#source?.content ?? null;
  }

  /** Keeps a copy of a loaded source that nobody writes to; the server is stopped for it and started again. */
  async keepSource(server: PostgresServer, content: Content): Promise<void> {
    const directory = join(this.directory, 'source');
    await server.stop();
    await copyDirectory(server.directory, directory);
    await server.start();
    this.#source = { directory, content };
  }
}
