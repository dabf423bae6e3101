/** What RDS says of a source that is an instance of it; of any other server it says nothing. */
import type { Inspection, Surroundings } from '../contract/assessment';
import type { InstanceFacts } from '../contract/instance';

/** An inspection whose source is an instance of RDS. */
export type ManagedInspection = Inspection & {
  readonly source: InstanceFacts;
  readonly surroundings: Surroundings & { readonly source: NonNullable<Surroundings['source']> };
};

/** The same inspection when its source is an instance, null when it is a server that AWS does not manage. */
export function managedInspection(inspection: Inspection): ManagedInspection | null {
  const { source, surroundings } = inspection;
  const attached = surroundings.source;
  if (source.kind === 'server' || attached === null) return null;
  return { ...inspection, source, surroundings: { ...surroundings, source: attached } };
}
