/** Checks of what is in the databases (faults 36 to 38, 46, 49, 53 to 55). */
import type { Check } from '../../contract/assessment';
import type { Policy } from '../../contract/settings';
import { ident, qualified } from '../../platform/quote';
import { block, listed, pass, statements, warn } from '../check';
import { inDatabase, located, named, where } from '../located';
import type { DatabaseSurvey } from '../survey';

/** All of them. */
export function contentChecks(databases: readonly DatabaseSurvey[], policy: Policy): readonly Check[] {
  return [
    replicaIdentity(databases, policy),
    replicaIdentityTypes(databases),
    unloggedTables(databases, policy),
    largeObjects(databases, policy),
    foreignTables(databases),
    userMappings(databases, policy),
    rowSecurity(databases),
    eventTriggers(databases, policy),
    replicaTriggers(databases),
    tableLocks(databases),
    extensions(databases, policy),
  ];
}

/** Without one, UPDATE and DELETE fail on the live source as soon as the table is published (facts B2). */
function replicaIdentity(databases: readonly DatabaseSurvey[], policy: Policy): Check {
  const id = 'replica-identity';
  const found = located(databases, (survey) => survey.withoutIdentity);
  if (found.length === 0) return pass(id, 'every table has a replica identity');
  const describe = (tables: typeof found) =>
    listed(
      tables.map((table) => {
        const index = table.candidate === null ? '' : `, but has the unique index ${ident(table.candidate)}`;
        return `${where(table)}, ${table.reason}${index}`;
      }),
    );
  const heals = (tables: typeof found) =>
    `add a primary key, or ${statements(tables.map((table) => `in ${table.database}: alter table ${qualified(table.schema, table.name)} replica identity full`))}`;
  if (policy.missingReplicaIdentity === 'block') return block(id, describe(found), heals(found));
  const fixed = found.filter((table) => !table.alterable);
  if (fixed.length > 0) {
    return block(
      id,
      `${describe(fixed)}; the master user may not alter them, their owners are ${listed([...new Set(fixed.map((table) => table.owner))])}`,
      heals(fixed),
    );
  }
  return warn(
    id,
    describe(found),
    'their replica identity will be set for the migration, to a unique index where there is one, else FULL, and then given back',
  );
}

/** The target compares whole rows, and stops for ever at a type that it cannot compare. */
function replicaIdentityTypes(databases: readonly DatabaseSurvey[]): Check {
  const id = 'replica-identity-types';
  const found = located(databases, (survey) => survey.incomparable);
  if (found.length === 0) return pass(id, 'every row that is found by all its columns can be compared');
  const what = found.map((column) => `${where(column)} column ${ident(column.column)} of type ${column.type}`);
  return block(
    id,
    `tables with replica identity FULL hold types without an equality operator: ${listed(what)}`,
    'add a primary key to these tables and set their replica identity to DEFAULT, or change the type (json to jsonb)',
  );
}

function unloggedTables(databases: readonly DatabaseSurvey[], policy: Policy): Check {
  const id = 'unlogged-tables';
  const found = located(databases, (survey) => survey.unlogged);
  if (found.length === 0) return pass(id, 'there is no unlogged table');
  const what = `unlogged tables arrive empty: ${listed(found.map(where))}`;
  const logged = statements(
    found.map((table) => `in ${table.database}: alter table ${qualified(table.schema, table.name)} set logged`),
  );
  if (policy.unloggedTables === 'block') return block(id, what, `${logged}; or allow it by unloggedTables: warn`);
  return warn(id, what, `fill them again after the cutover, or ${logged}`);
}

/** What the choices of `policy.largeObjects` mean: over connections no large object comes with the tables. */
const LARGE_OBJECTS: Readonly<Record<Policy['road'], { readonly ignored: string; readonly copied: string }>> = {
  snapshot: {
    ignored: 'those of the snapshot arrive, changes made after it do not',
    copied: 'the cutover reads every one of them under the fence, on both sides: keep them few, or move them',
  },
  copy: {
    ignored: 'none of them arrives: what refers to them finds nothing there',
    copied:
      'none comes with the tables: the cutover copies all of them before its fence, within its few minutes, and reads every one ' +
      'under the fence, on both sides: keep them few and small, or move them',
  },
};

function largeObjects(databases: readonly DatabaseSurvey[], policy: Policy): Check {
  const id = 'large-objects';
  const found = databases.filter((survey) => survey.largeObjects > 0);
  if (found.length === 0) return pass(id, 'there is no large object');
  const what = `large objects: ${listed(found.map(({ facts, largeObjects: count }) => `${count} in ${facts.name}`))}`;
  if (policy.largeObjects === 'block') {
    return block(
      id,
      what,
      `move them into bytea columns, let the cutover copy them by largeObjects: copy, or accept by largeObjects: ignore that ${LARGE_OBJECTS[policy.road].ignored}`,
    );
  }
  if (policy.largeObjects === 'copy') {
    return warn(id, what, LARGE_OBJECTS[policy.road].copied);
  }
  return warn(id, what, LARGE_OBJECTS[policy.road].ignored);
}

function foreignTables(databases: readonly DatabaseSurvey[]): Check {
  const found = located(databases, (survey) => survey.foreign);
  const remedy = 'see that the target reaches the servers that they point to';
  return named('foreign-tables', found.map(where), 'no foreign table', 'foreign tables', remedy, warn);
}

function rowSecurity(databases: readonly DatabaseSurvey[]): Check {
  const found = located(databases, (survey) => survey.forcedRowSecurity);
  const heals = found.map(
    (table) => `in ${table.database}: alter table ${qualified(table.schema, table.name)} no force row level security`,
  );
  const what = 'row security is forced on the owners of';
  return named('row-security', found.map(where), 'row security hides nothing', what, statements(heals), block);
}

/** They may hold passwords, which are neither read nor carried; a snapshot holds them all. */
function userMappings(databases: readonly DatabaseSurvey[], { road }: Policy): Check {
  const id = 'user-mappings';
  const found = located(databases, (survey) => survey.userMappings);
  if (road === 'snapshot') return pass(id, `${found.length} user mappings, which travel with the snapshot`);
  const what = found.map(({ database, server, role }) => `${database}: ${role} on ${ident(server)}`);
  const remedy = 'make them on the target by hand before the cutover: they may hold passwords, which are not carried';
  return named(id, what, 'no user mapping of a foreign server', 'user mappings', remedy, warn);
}

function eventTriggers(databases: readonly DatabaseSurvey[], { road }: Policy): Check {
  const found = databases.flatMap(({ facts, eventTriggers: all }) => all.map((name) => `${facts.name}: ${name}`));
  const remedy =
    'see that they let the migration create its schema and publications and set replica identities' +
    (road === 'copy' ? '; they are not made on the target, make them there after the cutover' : '');
  return named('event-triggers', found, 'no event trigger fires', 'event triggers', remedy, warn);
}

function replicaTriggers(databases: readonly DatabaseSurvey[]): Check {
  const found = located(databases, (survey) => survey.replicaTriggers);
  const what = found.map((trigger) => `${where(trigger)} trigger ${ident(trigger.trigger)}`);
  const heals = found.map((trigger) => {
    const table = qualified(trigger.schema, trigger.name);
    return inDatabase(trigger.database, `alter table ${table} enable trigger ${ident(trigger.trigger)}`);
  });
  const remedy = `${statements(heals)}; then they fire in ordinary sessions only; set them back after the cutover`;
  return named('replica-triggers', what, 'no trigger fires on apply', 'triggers that fire on apply', remedy, warn);
}

function tableLocks(databases: readonly DatabaseSurvey[]): Check {
  const found = located(databases, (survey) => survey.exclusiveLocks);
  const what = found.map((lock) => `${where(lock)} by pid ${lock.pid}`);
  const remedy = 'wait for the end of the DDL: the migration gives way after short waits';
  return named('table-locks', what, 'nobody excludes readers', 'tables locked against readers', remedy, warn);
}

function extensions(databases: readonly DatabaseSurvey[], { road }: Policy): Check {
  const found = databases.flatMap(({ facts, extensions: all }) => all.map((name) => `${facts.name}: ${name}`));
  const tables = located(databases, (survey) => survey.extensionTables).map(where);
  if (tables.length === 0)
    return pass('extensions', found.length === 0 ? 'no extension is installed' : listed(found, 30));
  return warn(
    'extensions',
    `tables of extensions that the master user does not own: ${listed(tables)}`,
    `${road === 'copy' ? 'the target has what its own extension brings, and no row of theirs' : 'they arrive as they were in the snapshot'}; if the application writes to them, give them to a role of yours`,
  );
}
