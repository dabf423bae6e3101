/** Checks of encodings, collations and extensions (facts G7; faults 55, 56). */
import type { Check, Surroundings } from '../../contract/assessment';
import type { CopySettings } from '../../contract/settings';
import { ident, qualified } from '../../platform/quote';
import { listed, pass, statements, warn } from '../check';
import { inDatabase, located, where } from '../located';
import type { DatabaseSurvey } from '../survey';

/** All of them. */
export function localeChecks(
  databases: readonly DatabaseSurvey[],
  surroundings: Surroundings,
  copy: CopySettings | null,
): readonly Check[] {
  return [
    encoding(databases),
    collationVersions(databases, copy),
    copy === null ? extensionVersions(databases, surroundings) : extensionsMadeAnew(databases, surroundings, copy),
  ];
}

/** Bytes travel as they are; but nothing checks what SQL_ASCII holds, and clients of another encoding may fail on it. */
function encoding(databases: readonly DatabaseSurvey[]): Check {
  const id = 'encoding';
  const said = databases.map(({ facts, content: { locale } }) => {
    return `${facts.name} is ${locale.encoding}, ${locale.collation} of ${locale.provider}`;
  });
  const odd = databases.filter(({ content }) => content.locale.encoding === 'SQL_ASCII').map(({ facts }) => facts.name);
  if (odd.length === 0) return pass(id, listed(said));
  return warn(
    id,
    `databases whose text has no known encoding (SQL_ASCII): ${listed(odd)}`,
    'they arrive byte by byte, unchecked as they are; plan to load them into UTF8 databases after the migration, or leave them out by excludeDatabases',
  );
}

/**
 * Indexes built by another library may be wrong already. A snapshot takes them along byte by byte; over connections they are built
 * anew, which a unique one refuses when the wrong order let doubles in.
 */
function collationVersions(databases: readonly DatabaseSurvey[], copy: CopySettings | null): Check {
  const id = 'collation-versions';
  const whole = databases.filter(({ content: { locale } }) => {
    return locale.recordedVersion !== null && locale.recordedVersion !== locale.actualVersion;
  });
  const single = located(databases, ({ content }) => content.changedCollations);
  if (whole.length + single.length === 0) return pass(id, 'every collation has the version that it was built with');
  const what = [
    ...whole.map(({ facts, content: { locale } }) => {
      return `database ${facts.name} was built with ${locale.recordedVersion}, the library is ${locale.actualVersion}`;
    }),
    ...single.map((each) => `${where(each)} was built with ${each.recorded}, the library is ${each.actual}`),
  ];
  const heals = [
    ...[...new Set([...whole.map(({ facts }) => facts.name), ...single.map(({ database }) => database)])].map((name) =>
      inDatabase(name, `reindex database ${ident(name)}`),
    ),
    ...whole.map(({ facts }) =>
      inDatabase(facts.name, `alter database ${ident(facts.name)} refresh collation version`),
    ),
    ...single.map((each) =>
      inDatabase(each.database, `alter collation ${qualified(each.schema, each.name)} refresh version`),
    ),
  ];
  const anew = copy === null ? '' : '; a unique index that let doubles in cannot be built on the target';
  return warn(id, listed(what) + anew, statements(heals, 10));
}

/** The extensions that a group allows; null when it allows all. */
function allowedExtensions({ parameters }: Surroundings): readonly string[] | null {
  const allowed = parameters.find(({ name }) => name === 'rds.allowed_extensions')?.target ?? '';
  return allowed === '' ? null : allowed.split(',').map((name) => name.trim());
}

/** What the target offers is known when it stands: `plan-schema` names what it lacks, before anything is made. */
function extensionsMadeAnew(
  databases: readonly DatabaseSurvey[],
  surroundings: Surroundings,
  { skipExtensions }: CopySettings,
): Check {
  const id = 'extension-versions';
  const list = allowedExtensions(surroundings);
  const all = located(databases, ({ installed }) => installed);
  const say = (each: (typeof all)[number]) => `${each.database}: ${each.name}`;
  const skipped = all.filter(({ name }) => skipExtensions.includes(name));
  const made = all.filter(({ name }) => !skipExtensions.includes(name));
  const denied = made.filter(({ name }) => list !== null && !list.includes(name));
  if (skipped.length + denied.length === 0) {
    return pass(id, `${made.length} extensions are made anew, in the versions that the target has`);
  }
  const what = [
    ...skipped.map((each) => `${say(each)}, which copy.skipExtensions leaves out with all that depends on it`),
    ...denied.map(
      (each) => `${say(each)}, which rds.allowed_extensions of ${surroundings.target.parameterGroup} leaves out`,
    ),
  ];
  const heals = [
    ...(denied.length > 0 ? ['add those that are left out to rds.allowed_extensions in target.parameters'] : []),
    ...(skipped.length > 0 ? ['see that no application needs those that are skipped'] : []),
  ];
  return warn(id, listed(what), statements(heals));
}

/** The major stays, so the target knows what the source knows; an old version is one that a later minor may drop. */
function extensionVersions(databases: readonly DatabaseSurvey[], surroundings: Surroundings): Check {
  const id = 'extension-versions';
  const all = located(databases, ({ installed }) => installed);
  const { target } = surroundings;
  const list = allowedExtensions(surroundings);
  const unknown = all.filter((each) => each.available === null);
  const old = all.filter((each) => each.available !== null && each.available !== each.version);
  const denied = all.filter((each) => list !== null && !list.includes(each.name));
  if (unknown.length + old.length + denied.length === 0) {
    return pass(
      id,
      all.length === 0 ? 'no extension is installed' : `${all.length} extensions in their newest versions`,
    );
  }
  const say = (each: (typeof all)[number]) => `${each.database}: ${each.name} ${each.version}`;
  const what = [
    ...unknown.map((each) => `${say(each)}, which the server does not list`),
    ...old.map((each) => `${say(each)}, while ${each.available} is there`),
    ...denied.map((each) => `${say(each)}, which rds.allowed_extensions of ${target.parameterGroup} leaves out`),
  ];
  const heals = [
    ...old.map((each) => inDatabase(each.database, `alter extension ${ident(each.name)} update`)),
    ...(unknown.length > 0 ? ['ask AWS whether the target version supports those that the server does not list'] : []),
    ...(denied.length > 0 ? ['add those that are left out to rds.allowed_extensions in target.parameters'] : []),
  ];
  return warn(id, listed(what), statements(heals, 10));
}
