/** Checks of what else replicates: earlier runs, other executions, other consumers (faults 9, 67, 68). */
import type { Check } from '../../contract/assessment';
import { LEDGER_SCHEMA, postgresPrefix } from '../../platform/names';
import { isInUse } from '../../platform/phases';
import { ident, literal } from '../../platform/quote';
import { block, listed, pass, statements, warn } from '../check';
import type { DatabaseSurvey, ServerSurvey } from '../survey';

/** Who asks. */
export interface Asker {
  readonly migrationId: string;
  readonly execution: string;
  readonly takeOver: string | null;
}

/** All of them. */
export function othersChecks(
  server: ServerSurvey,
  databases: readonly DatabaseSurvey[],
  asker: Asker,
): readonly Check[] {
  return [
    runningMigration(server, asker),
    existingSlots(server, asker),
    existingPublications(server, databases, asker),
    sourceSubscribes(server),
  ];
}

/** The claim decides; this says it before anything is touched. */
function runningMigration({ ledger }: ServerSurvey, asker: Asker): Check {
  const id = 'running-migration';
  if (ledger === null) return pass(id, `${LEDGER_SCHEMA}.migration names no earlier execution`);
  const what = `migration ${ledger.migrationId} is in phase ${ledger.phase}, execution ${ledger.execution || 'none'}`;
  if (isInUse(ledger.phase)) {
    return block(
      id,
      what,
      'its target is in use: there is nothing to migrate; use another migration id for another database',
    );
  }
  const free = ['', asker.execution, asker.takeOver].includes(ledger.execution) || ledger.phase === 'aborted';
  if (free) return pass(id, what);
  return block(id, what, 'wait for that execution, or start again with takeOver set to its ARN when it is dead');
}

/** A migration that is under way looks for its slots and goes on with them; without a ledger nobody knows where they began. */
function leftOver(ledger: ServerSurvey['ledger']): boolean {
  return ledger === null || ledger.phase === 'aborted';
}

function existingSlots({ slots, ledger }: ServerSurvey, { migrationId }: Asker): Check {
  const id = 'existing-slots';
  const ours = slots.filter((slot) => isOurs(slot.name, migrationId));
  const others = slots.filter((slot) => !isOurs(slot.name, migrationId)).map((slot) => slot.name);
  if (ours.length > 0 && leftOver(ledger)) {
    const drops = ours.map(({ name }) => `select pg_drop_replication_slot(${literal(name)})`);
    return block(id, `slots of an earlier run are left: ${listed(ours.map((slot) => slot.name))}`, statements(drops));
  }
  if (others.length === 0) return pass(id, 'nobody else has a slot');
  const remedy = 'point their consumers at the target after the cutover: slots do not move, and they stop at the fence';
  return warn(id, `slots of others: ${listed(others)}`, remedy);
}

function existingPublications({ ledger }: ServerSurvey, databases: readonly DatabaseSurvey[], asker: Asker): Check {
  const id = 'existing-publications';
  const all = databases.flatMap(({ facts, publications }) =>
    publications.map((name) => ({ database: facts.name, name, ours: isOurs(name, asker.migrationId) })),
  );
  const ours = all.filter((publication) => publication.ours);
  const others = all.filter((publication) => !publication.ours);
  const place = ({ database, name }: { database: string; name: string }) => `${database}: ${name}`;
  if (ours.length > 0 && leftOver(ledger)) {
    const drops = ours.map(({ database, name }) => `in ${database}: drop publication ${ident(name)}`);
    return block(id, `publications of an earlier run are left: ${listed(ours.map(place))}`, statements(drops));
  }
  if (others.length === 0) return pass(id, 'nobody else publishes');
  return warn(
    id,
    `publications of others: ${listed(others.map(place))}`,
    'create them on the target after the cutover',
  );
}

/** A copy of a subscriber would use up its upstream slots and apply the same changes twice (facts A11). */
function sourceSubscribes({ subscriptions }: ServerSurvey): Check {
  const id = 'source-subscribes';
  if (subscriptions.length === 0) return pass(id, 'the source has no subscription');
  const found = subscriptions.map(({ database, name }) => `${database}: ${name}`);
  const drops = subscriptions.map(({ database, name }) => `in ${database}: drop subscription ${ident(name)}`);
  return block(
    id,
    `subscriptions: ${listed(found)}`,
    `${statements(drops)}; create them on the target after the cutover`,
  );
}

function isOurs(name: string, migrationId: string): boolean {
  return name.startsWith(`${postgresPrefix(migrationId)}_`);
}
