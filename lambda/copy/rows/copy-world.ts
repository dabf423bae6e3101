/** What the rows' recipes need of a step's world. */
import type { World } from '../../platform/world';

/** Part of a step's world. */
export type CopyWorld = Pick<World, 'migrationId' | 'epoch' | 'expect' | 'remainingMs' | 'log'>;

/** First part of the name of every session that copies rows, after `sealift/<id>/`. */
export const COPY_ROWS = 'copy-rows';

/** The same of every session that makes indexes. */
export const MAKE_SCHEMA = 'make-schema';
