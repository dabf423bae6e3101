/** How the surveys name a relation. */

/** A relation. */
export interface Named {
  readonly schema: string;
  readonly name: string;
}
