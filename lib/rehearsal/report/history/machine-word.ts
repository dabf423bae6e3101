/** Which machine a history is of: the events do not say it, the states do. */

/** The machines whose histories the page understands; another one is shown with its states only. */
export const MACHINE_WORDS = ['migrate', 'cutover', 'prune', 'scan', 'replicate', 'assess'] as const;

/** Name of a machine as in its ARN. */
export type MachineWord = (typeof MACHINE_WORDS)[number] | 'other';

/** States that only one machine has, the earliest that it always passes or fails at. */
const SIGNS: Readonly<Record<Exclude<MachineWord, 'other'>, readonly string[]>> = {
  migrate: ['Stop after assessing?', 'Migration failed'],
  cutover: ['Handed over?', 'Target there?'],
  // Before Replicate, with which it has the claim in common.
  prune: ['Assessment given?'],
  scan: ['Assessment at hand?', 'Plan the scan'],
  replicate: ['Assessed already?', 'Claim the migration'],
  assess: ['Assess the source', 'Inspect AWS'],
};

/** The machine that has these states. */
export function machineOfStates(entered: ReadonlySet<string>): MachineWord {
  const found = MACHINE_WORDS.find((machine) => SIGNS[machine].some((state) => entered.has(state)));
  // Migrate while its first phase runs; Scan, Replicate and Cutover have passed a sign of theirs before theirs.
  return found ?? (entered.has('Assess') ? 'migrate' : 'other');
}

/** The machine of an ARN: `…:stateMachine:sealift-<migration>-<machine>`, or an execution of it. */
export function machineOfArn(arn: string): MachineWord {
  const name = arn.split(':')[6] ?? '';
  return MACHINE_WORDS.find((machine) => name.endsWith(`-${machine}`)) ?? 'other';
}
