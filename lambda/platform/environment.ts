/** The typed environment of a function: everything that a step reads from `process.env`, and nothing else. */
import { ENV } from '../contract/environment';
import type { Endpoint } from '../contract/instance';
import type { PrunePolicy } from '../contract/prune';
import type { CopySettings, DmsSettings, Policy, Switch, TargetSettings } from '../contract/settings';

/** What the template gives every function. */
export interface Environment {
  readonly migrationId: string;
  readonly sourceInstance: string;
  /** Where a source that AWS does not manage is reached; RDS is asked for that of an instance. */
  readonly sourceEndpoint?: Endpoint;
  readonly masterSecretArn: string;
  readonly replicationSecretArn: string;
  readonly targetStack: string;
  readonly targetInstance: string;
  readonly keyArn: string;
  readonly evidenceBucket: string;
  readonly switch: Switch;
  readonly policy: Policy;
  /** What is old; only `plan-prune` has it. */
  readonly prune?: PrunePolicy;
  /** The customer's tags; only the steps that make something beside CloudFormation have them. */
  readonly tags?: Readonly<Record<string, string>>;
  /** PEM of further certificate authorities; empty when none. */
  readonly trustedCa: string;
  /** ARN of the role of `restore`'s stack update; only that step has it. */
  readonly targetStackRoleArn?: string;
  /** JSON of the stack policy that `restore` sets; only that step has it. */
  readonly targetStackPolicy?: string;
  /** How rows travel; only the steps of the copy road and, on it, `assess` have it. */
  readonly copy?: CopySettings;
  /** What tasks of DMS run on; only the steps of engine `dms` have it. */
  readonly dms?: DmsSettings;
  /** What the target is configured to be; only `inspect` and `restore` have it. */
  readonly targetSettings?: TargetSettings;
}

/** Returns the variable `name`, or throws naming it. */
export function requireVariable(name: string, from: NodeJS.ProcessEnv = process.env): string {
  const value = from[name];
  if (value === undefined || value === '')
    throw new Error(`environment variable ${name} is not set, deploy the stack again`);
  return value;
}

/** What the target is configured to be; throws naming the variable in a step that is not given it. */
export function requireTargetSettings({ targetSettings }: Environment): TargetSettings {
  if (targetSettings !== undefined) return targetSettings;
  throw new Error(`environment variable ${ENV.targetSettings} is not set, deploy the stack again`);
}

/** Reads the environment of a function; throws naming the first variable that is missing. */
export function readEnvironment(from: NodeJS.ProcessEnv = process.env): Environment {
  return {
    migrationId: requireVariable(ENV.migrationId, from),
    sourceInstance: requireVariable(ENV.sourceInstance, from),
    ...(from[ENV.sourceEndpoint] !== undefined && {
      sourceEndpoint: JSON.parse(requireVariable(ENV.sourceEndpoint, from)) as Endpoint,
    }),
    masterSecretArn: requireVariable(ENV.masterSecretArn, from),
    replicationSecretArn: requireVariable(ENV.replicationSecretArn, from),
    targetStack: requireVariable(ENV.targetStack, from),
    targetInstance: requireVariable(ENV.targetInstance, from),
    keyArn: requireVariable(ENV.keyArn, from),
    evidenceBucket: requireVariable(ENV.evidenceBucket, from),
    switch: JSON.parse(requireVariable(ENV.switch, from)) as Switch,
    policy: JSON.parse(requireVariable(ENV.policy, from)) as Policy,
    ...(from[ENV.prune] !== undefined && { prune: JSON.parse(requireVariable(ENV.prune, from)) as PrunePolicy }),
    ...(from[ENV.copy] !== undefined && { copy: JSON.parse(requireVariable(ENV.copy, from)) as CopySettings }),
    ...(from[ENV.dms] !== undefined && { dms: JSON.parse(requireVariable(ENV.dms, from)) as DmsSettings }),
    tags: JSON.parse(from[ENV.tags] ?? '{}') as Record<string, string>,
    trustedCa: from[ENV.trustedCa] ?? '',
    targetStackRoleArn: from[ENV.targetStackRoleArn],
    targetStackPolicy: from[ENV.targetStackPolicy],
    ...(from[ENV.targetSettings] !== undefined && {
      targetSettings: JSON.parse(requireVariable(ENV.targetSettings, from)) as TargetSettings,
    }),
  };
}

/** How rows travel; every step that needs it has it on the copy road. Throws when the template gave none. */
export function requireCopySettings({ copy }: Environment): CopySettings {
  if (copy === undefined) throw new Error(`environment variable ${ENV.copy} is not set, deploy the stack again`);
  return copy;
}

/** What tasks of DMS run on. Throws when the template gave none. */
export function requireDmsSettings({ dms }: Environment): DmsSettings {
  if (dms === undefined) throw new Error(`environment variable ${ENV.dms} is not set, deploy the stack again`);
  return dms;
}
