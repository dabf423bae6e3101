import type { RunStart } from './move/run-task';
import { invalidCombination, invalidValue } from './names';
import { readStartPosition, readStopPosition } from './positions';
import { readTableMappings } from './table-mappings';
import type { MigrationType, Task } from './task';
import { readTaskSettings } from './task-settings';

/** A task as it is asked for; also what can be changed of one. */
export interface WantedTask {
  readonly identifier: string;
  readonly resourceName?: string;
  readonly sourceArn: string;
  readonly targetArn: string;
  readonly instanceArn: string;
  readonly type: MigrationType;
  readonly mappings: string;
  readonly settings?: string;
  readonly cdcStartPosition?: string;
  readonly cdcStopPosition?: string;
  readonly tags: ReadonlyMap<string, string>;
}

/** Changes of a task; what is left out stays. */
export type TaskChange = Partial<
  Pick<WantedTask, 'identifier' | 'type' | 'mappings' | 'settings' | 'cdcStartPosition' | 'cdcStopPosition'>
>;

/** How a task is started, in the API's words. */
export type StartType = 'start-replication' | 'resume-processing' | 'reload-target';

/** What a task is defined by, parsed; the texts stay as they were given. */
export function definition(wanted: WantedTask) {
  return {
    type: wanted.type,
    mappingsText: wanted.mappings,
    mappings: readTableMappings(wanted.mappings),
    settingsText: wanted.settings ?? '{}',
    settings: readTaskSettings(wanted.settings),
    ...readPositions(wanted),
  };
}

/** Reads the positions, which a full load does not take. */
export function readPositions({ type, cdcStartPosition: start, cdcStopPosition: stop }: WantedTask) {
  if (type === 'full-load' && (start ?? stop) !== undefined)
    throw invalidCombination('CdcStartPosition and CdcStopPosition are not valid for a full-load task');
  if (stop !== undefined) readStopPosition(stop);
  return { cdcStartPosition: start === undefined ? null : readStartPosition(start), cdcStopPosition: stop ?? null };
}

/** A task as one would ask for it now. */
export function wantedOf(task: Task): WantedTask {
  return {
    identifier: task.identifier,
    sourceArn: task.source.arn,
    targetArn: task.target.arn,
    instanceArn: task.instance.arn,
    type: task.type,
    mappings: task.mappingsText,
    settings: task.settingsText,
    ...(task.cdcStartPosition === null ? {} : { cdcStartPosition: task.cdcStartPosition }),
    ...(task.cdcStopPosition === null ? {} : { cdcStopPosition: task.cdcStopPosition }),
    tags: task.tags,
  };
}

/** A first run only starts, a later one resumes or begins anew; a CDC task starts anew with a position only. */
export function startOf(task: Task, type: StartType, positionGiven: boolean): RunStart {
  if (type === 'start-replication') {
    if (!task.ran) return 'first';
    if (task.type === 'cdc' && positionGiven) return 'restart';
    throw invalidCombination('Start Type : START_REPLICATION, valid only for tasks running for the first time');
  }
  if (!task.ran) {
    const name = type === 'resume-processing' ? 'RESUME_PROCESSING' : 'RELOAD_TARGET';
    throw invalidCombination(`Start Type : ${name}, not valid for tasks running for the first time`);
  }
  if (type === 'resume-processing') return 'resume';
  if (task.type === 'cdc') throw invalidCombination('Start Type : RELOAD_TARGET, not valid for CDC only tasks');
  return 'reload';
}

/**
 * Reads what a task moves.
 *
 * @throws AwsFault `InvalidParameterValueException`
 */
export function migrationType(word: string | undefined): MigrationType {
  if (word === 'full-load' || word === 'cdc' || word === 'full-load-and-cdc') return word;
  throw invalidValue(`MigrationType must be full-load, cdc or full-load-and-cdc, got ${word}`);
}
