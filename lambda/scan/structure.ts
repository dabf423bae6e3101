/** Checks the structure of a range by amcheck and pg_visibility, where the source has them. */
import type { Session } from '../platform/postgres';
import { meetsDamage } from './damage';
import type { StructureFault, StructureItem, StructureResult } from './queue';
import * as sql from './sql/structure';

/** Schemas of the extensions' functions; null: that check is not done. */
export interface AvailableChecks {
  readonly heap: string | null;
  readonly btree: string | null;
  readonly visibility: string | null;
}

/** Faults of one range after which no more are asked for. */
const MOST_FAULTS = 1_000;

/** Checks one item; a check that fails with damage is left to the reading, which says where. */
export async function checkStructure(
  session: Session,
  { checked, range, relation }: StructureItem,
  available: AvailableChecks,
): Promise<StructureResult> {
  let faults: StructureFault[] = [];
  let lostPages: number[] = [];
  const { blocks } = await session.one<{ blocks: number }>(sql.presentBlocks(checked));
  const present = { from: range.from, to: Math.min(range.to, blocks) };
  const { heap, visibility } = available;
  if (heap !== null && session.major >= 14 && present.from < present.to) {
    await meetsDamage(async () => {
      faults = await session.query<StructureFault>(sql.verifyHeap(heap, checked, present, MOST_FAULTS));
    });
  }
  // The map is read as a whole: once, with the first range of the table itself.
  if (visibility !== null && range.from === 0 && checked === relation.oid) {
    await meetsDamage(async () => {
      const found = await session.query<{ block: number }>(sql.lostPages(visibility, checked, MOST_FAULTS));
      lostPages = found.map(({ block }) => block);
    });
  }
  return { faults, lostPages };
}
