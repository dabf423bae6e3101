/** Which roles a schema makes owners, and where: the master user must be able to act as them, and they to create there. */
import type { Entry } from './entries';
import { newOwnerOf } from './rules';
import { tokensOf } from './tokens';

/** Roles of a schema's statements. */
export interface AdoptedRoles {
  /** Owners, and roles that grant something in their own name. */
  readonly owners: readonly string[];
  /** Owners of objects by schema; those whose schema it is need no right. */
  readonly inSchemas: readonly { readonly schema: string; readonly role: string }[];
}

/** How far a statement is read. */
const MOST_TOKENS = 4_000;

/** Every role that the statements make an owner of something, or act as. */
export function adoptedRoles(entries: readonly Entry[]): AdoptedRoles {
  const owners = new Set<string>();
  const inSchemas = new Map<string, { schema: string; role: string }>();
  const schemaOwners = new Map<string, string>();
  for (const entry of entries) {
    for (const text of entry.statements) {
      const tokens = tokensOf(text, MOST_TOKENS);
      const role = newOwnerOf(tokens) ?? (text.startsWith('set local role ') ? tokens[3]?.value : undefined);
      if (role === undefined) continue;
      owners.add(role);
      if (entry.type === 'SCHEMA') schemaOwners.set(entry.name, role);
      if (entry.schema !== null && entry.type !== 'ACL') {
        inSchemas.set(JSON.stringify([entry.schema, role]), { schema: entry.schema, role });
      }
    }
  }
  return {
    owners: [...owners].sort(),
    inSchemas: [...inSchemas.values()].filter(({ schema, role }) => schemaOwners.get(schema) !== role),
  };
}
