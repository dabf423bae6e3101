/** Which databases are migrated: a pure decision. */
import { HOME_DATABASE } from '../platform/names';
import type { ListedDatabase } from './survey';

/** The outcome: names, and why others stay behind. */
export interface Choice {
  readonly names: readonly string[];
  /** Chosen by name but out of reach: the master may not connect, or nobody may. */
  readonly unreachable: readonly string[];
  /** Left out, each with its reason. */
  readonly leftOut: readonly { readonly name: string; readonly reason: string }[];
  /** Names that the configuration excludes and that do not exist. */
  readonly unknownExclusions: readonly string[];
}

/**
 * Chooses every database that accepts connections and is not excluded. `postgres` exists everywhere and counts only when it
 * holds relations of users.
 */
export function chooseDatabases(
  listed: readonly ListedDatabase[],
  excluded: readonly string[],
  homeHoldsRelations: boolean,
): Choice {
  const reasonAgainst = (database: ListedDatabase): string | null => {
    if (excluded.includes(database.name)) return 'excluded by the configuration';
    if (database.invalid) return 'left by an interrupted DROP DATABASE';
    if (!database.allowsConnections) return 'accepts no connections';
    return null;
  };
  const wanted = listed.filter(({ name }) => name !== HOME_DATABASE || homeHoldsRelations);
  const chosen = wanted.filter((database) => reasonAgainst(database) === null);
  return {
    names: chosen.filter(reachable).map((database) => database.name),
    unreachable: chosen.filter((database) => !reachable(database)).map((database) => database.name),
    leftOut: wanted.flatMap((database) => {
      const reason = reasonAgainst(database);
      return reason === null ? [] : [{ name: database.name, reason }];
    }),
    unknownExclusions: excluded.filter((name) => !listed.some((database) => database.name === name)),
  };
}

/** A limit of 0 shuts out everybody but superusers, which the master user of RDS is not. */
function reachable({ mayConnect, connectionLimit }: ListedDatabase): boolean {
  return mayConnect && connectionLimit !== 0;
}
