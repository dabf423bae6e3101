/** Which engine a migration has, and what carries a database at present: the one place where engines are told apart. */
import type { Policy } from '../../contract/settings';
import { readLedger } from '../ledger';
import type { Session } from '../postgres';
import { DMS_ENGINE, dmsFactsOf } from './dms';
import type { Engine } from './engine';
import { NATIVE } from './native';
import { PGLOGICAL_ENGINE } from './pglogical';

/** The engine that the configuration chose. */
export function engineFor({ engine }: Pick<Policy, 'engine'>): Engine {
  if (engine === 'dms') return DMS_ENGINE;
  return engine === 'pglogical' ? PGLOGICAL_ENGINE : NATIVE;
}

/** The engine that carries a database, by the facts of its ledger on either side: the way back of any is native. */
export function engineOf(facts: Readonly<Record<string, unknown>>): Engine {
  if (dmsFactsOf(facts) !== null) return DMS_ENGINE;
  return facts.pglogical === undefined || facts.pglogical === null ? NATIVE : PGLOGICAL_ENGINE;
}

/** The engine that carries the session's database, and the name of the slot on the source. */
export async function carrierOf(
  session: Session,
  migrationId: string,
): Promise<{ readonly engine: Engine; readonly slot: string }> {
  const facts = (await readLedger(session, migrationId))?.facts ?? {};
  const engine = engineOf(facts);
  return { engine, slot: engine.slotOf(facts, migrationId, session.database) };
}
