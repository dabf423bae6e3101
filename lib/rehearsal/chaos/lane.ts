/** Where runs happen one after the other: what they share, and the network between their parts, whose ports never change. */
import { Preparation } from '../run/preparation';
import { RunDirectory } from '../servers/run-directory';
import { type Link, openLink } from './link';

/** Which parts cannot reach each other. */
export const BETWEEN = ['the servers', 'functions and source', 'functions and target'] as const;

/** Two parts with a network between them. */
export type Between = (typeof BETWEEN)[number];

type Ports = { [K in 'replication' | 'wayBack' | 'source' | 'target']: (() => number | null) | null };

/** A lane; one run at a time. */
export class Lane {
  private constructor(
    readonly preparation: Preparation,
    private readonly directory: RunDirectory,
    private readonly links: { readonly [K in keyof Ports]: Link },
    private readonly ports: Ports,
  ) {}

  /** Opens a lane with nothing prepared. */
  static async open(): Promise<Lane> {
    const directory = await RunDirectory.create();
    const ports: Ports = { replication: null, wayBack: null, source: null, target: null };
    const linkTo = (name: keyof Ports) => openLink(() => ports[name]?.() ?? null);
    const links = {
      replication: await linkTo('replication'),
      wayBack: await linkTo('wayBack'),
      source: await linkTo('source'),
      target: await linkTo('target'),
    };
    return new Lane(await Preparation.begin(directory), directory, links, ports);
  }

  /** Directory that is deleted with the lane, and by the next run when this process is killed. */
  get path(): string {
    return this.directory.path;
  }

  /** Leads a link to a server of the present run; answers the link's own port. */
  async lead(name: keyof Ports, port: () => number | null): Promise<number> {
    this.ports[name] = port;
    return this.links[name].port;
  }

  /** The links between two parts. */
  between(parts: Between): readonly Link[] {
    const { replication, wayBack, source, target } = this.links;
    return {
      'the servers': [replication, wayBack],
      'functions and source': [source],
      'functions and target': [target],
    }[parts];
  }

  /** Ends what a run left in the network. */
  clear(): void {
    for (const name of Object.keys(this.ports) as (keyof Ports)[]) {
      this.ports[name] = null;
      this.links[name].cut();
    }
  }

  async close(): Promise<void> {
    await Promise.all(Object.values(this.links).map((link) => link.close()));
    await this.directory.stopAll();
  }
}
