/** Extensions of the source on the target: installed as the target has them, skipped as configured, else a reason to stop. */
import { Blocked } from '../../errors';
import { ident, literal } from '../../platform/quote';
import type { LeftOut } from './filter';
import { type Placed, STAGES } from './items';

/** An extension of the source. */
export interface InstalledExtension {
  readonly name: string;
  readonly version: string;
  readonly schema: string;
}

/** An extension as the target offers it. */
export interface OfferedExtension {
  readonly name: string;
  /** Version that is installed by default. */
  readonly version: string;
  /** Version that is there already; null when none is. */
  readonly installed: string | null;
  /** Schema that the extension insists on; null when it goes anywhere. */
  readonly schema: string | null;
  /** Whether the master user may install it. */
  readonly allowed: boolean;
}

/** What is done about extensions. */
export interface ExtensionPlan {
  readonly statements: readonly Placed[];
  /** Those that are skipped, and those that come in another version. */
  readonly leftOut: readonly LeftOut[];
}

/**
 * Decides for every extension of a database. `skip` names those that the configuration leaves out. Throws `Blocked` naming every one
 * that the target does not offer or the master user may not install.
 */
export function planExtensions(
  database: string,
  installed: readonly InstalledExtension[],
  offered: readonly OfferedExtension[],
  skip: readonly string[],
): ExtensionPlan {
  const wanted = installed.filter(({ name }) => !skip.includes(name));
  const offers = new Map(offered.map((offer) => [offer.name, offer]));
  const missing = wanted.filter(({ name }) => !offers.has(name));
  const refused = wanted.filter(({ name }) => offers.get(name)?.installed === null && !offers.get(name)?.allowed);
  if (missing.length + refused.length > 0) {
    const names = (list: readonly InstalledExtension[]): string => list.map(({ name }) => name).join(', ') || 'none';
    throw new Blocked(
      `extensions of database ${JSON.stringify(database)} cannot come along: the target does not offer ${names(missing)}; ` +
        `the master user may not install ${names(refused)}; remove them from the source, allow them on the target, or skip them`,
    );
  }
  return {
    statements: wanted.flatMap((extension) => installation(extension, offers.get(extension.name))),
    leftOut: installed.flatMap((extension) => differences(extension, offers.get(extension.name), skip)),
  };
}

function installation({ name, schema }: InstalledExtension, offer: OfferedExtension | undefined): Placed[] {
  if (offer === undefined || offer.installed !== null) return [];
  const where = offer.schema === null ? ` schema ${ident(schema)}` : '';
  const text = `create extension if not exists ${ident(name)} with${where} version ${literal(offer.version)}`;
  return [{ stage: STAGES.extensions, what: 'object', object: `extension ${name}`, text, locks: null }];
}

function differences(
  { name, version }: InstalledExtension,
  offer: OfferedExtension | undefined,
  skip: readonly string[],
): LeftOut[] {
  const object = { type: 'EXTENSION', object: name, catalogId: null };
  if (skip.includes(name)) {
    return [{ ...object, rule: 'skipped extension', loss: 'lost', reason: 'the configuration leaves it out' }];
  }
  const comes = offer?.installed ?? offer?.version;
  if (comes === version) return [];
  const reason = `the source has version ${version}, the target ${comes}`;
  return [{ ...object, rule: 'version of an extension', loss: 'done otherwise', reason }];
}
