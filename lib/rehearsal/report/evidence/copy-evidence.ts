/** What the steps of the copy road kept: which roles got new passwords, and what does not arrive with the rows. */
import * as z from 'zod';

const text = z.string();
const count = z.coerce.number();

const statements = z
  .array(z.object({ loss: text.catch('lost'), reason: text, type: text.catch(''), object: text }))
  .catch([]);

/** What `make-databases` kept. */
export const madeDatabases = z.object({ newPasswords: z.array(text), leftOut: statements });

/** What `plan-schema` kept. */
export const plannedSchema = z.object({ databases: z.array(z.object({ database: text, leftOut: statements })) });

/** What `plan-rows` kept. */
export const plannedRows = z.object({
  databases: z.array(
    z.object({
      database: text,
      tables: count.catch(0),
      leftOut: z.array(z.object({ relation: text, reason: text })).catch([]),
    }),
  ),
});

/** The evidence of a copy; null what was not given. */
export interface CopyEvidence {
  readonly madeDatabases: z.infer<typeof madeDatabases> | null;
  readonly plannedSchema: z.infer<typeof plannedSchema> | null;
  readonly plannedRows: z.infer<typeof plannedRows> | null;
}

/** Something that the target lacks. */
export interface LeftOutObject {
  /** Null for what belongs to the whole server, such as a role. */
  readonly database: string | null;
  /** Such as `FUNCTION`, or `rows`. */
  readonly what: string;
  readonly object: string;
  readonly reason: string;
}

/** What does not arrive: objects that are lost until somebody makes them, and rows that do not travel. */
export function lostObjects({ madeDatabases: made, plannedSchema: schema, plannedRows: rows }: CopyEvidence) {
  const ofServer = (made?.leftOut ?? []).map((one) => ({ ...one, database: null }));
  const ofDatabases = (schema?.databases ?? []).flatMap(({ database, leftOut }) =>
    leftOut.map((one) => ({ ...one, database })),
  );
  const lost: readonly LeftOutObject[] = [...ofServer, ...ofDatabases]
    .filter(({ loss }) => loss === 'lost')
    .map(({ database, type: what, object, reason }) => ({ database, what, object, reason }));
  const without: readonly LeftOutObject[] = (rows?.databases ?? []).flatMap(({ database, leftOut }) =>
    leftOut.map(({ relation: object, reason }) => ({ database, what: 'rows', object, reason })),
  );
  return [...lost, ...without];
}
