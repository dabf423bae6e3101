import type { Parameter } from '@aws-sdk/client-rds';
import type { Settings } from '../../servers/data-directory';
import { AwsFault } from '../fault';

/** A DB parameter group. */
export interface ParameterGroup {
  readonly name: string;
  /** Such as `postgres17`. */
  readonly family: string;
  description: string;
  /** Parameters that differ from the engine's defaults. */
  readonly parameters: Map<string, string>;
  readonly tags: Map<string, string>;
}

/** Parameters with the values that RDS gives them, and whether a change needs a reboot (facts E3, E24). */
const DEFAULTS: readonly {
  readonly name: string;
  readonly value: string | null;
  readonly applyType: 'static' | 'dynamic';
}[] = [
  { name: 'max_logical_replication_workers', value: '4', applyType: 'static' },
  { name: 'max_replication_slots', value: '20', applyType: 'static' },
  { name: 'max_slot_wal_keep_size', value: '-1', applyType: 'dynamic' },
  { name: 'max_sync_workers_per_subscription', value: '2', applyType: 'dynamic' },
  { name: 'max_wal_senders', value: '20', applyType: 'static' },
  { name: 'max_worker_processes', value: '8', applyType: 'static' },
  { name: 'password_encryption', value: 'scram-sha-256', applyType: 'dynamic' },
  { name: 'rds.force_ssl', value: '1', applyType: 'dynamic' },
  { name: 'rds.logical_replication', value: '0', applyType: 'static' },
  { name: 'rds.restrict_password_commands', value: '0', applyType: 'static' },
  { name: 'wal_sender_timeout', value: '30000', applyType: 'dynamic' },
];

/** What exists in RDS alone and changes nothing in community PostgreSQL: a plain connection is refused here anyhow. */
const WITHOUT_COUNTERPART = /^rds\./;

/** The parameter groups of the account; the default ones come into being when they are asked for. */
export class ParameterGroups {
  readonly #groups = new Map<string, ParameterGroup>();

  /**
   * Makes a group.
   *
   * @throws AwsFault `DBParameterGroupAlreadyExistsFault`
   */
  create(
    name: string,
    family: string,
    options: {
      readonly description?: string;
      readonly parameters?: Readonly<Record<string, string>>;
      readonly tags?: ReadonlyMap<string, string>;
    } = {},
  ): ParameterGroup {
    if (this.#groups.has(name)) {
      throw new AwsFault('DBParameterGroupAlreadyExistsFault', `Parameter group ${name} already exists`);
    }
    const group: ParameterGroup = {
      name,
      family,
      description: options.description ?? name,
      parameters: new Map(Object.entries(options.parameters ?? {})),
      tags: new Map(options.tags),
    };
    this.#groups.set(name, group);
    return group;
  }

  /**
   * Finds a group; `default.<family>` always exists.
   *
   * @throws AwsFault `DBParameterGroupNotFoundFault`
   */
  get(name: string): ParameterGroup {
    const group = this.find(name);
    if (!group) throw new AwsFault('DBParameterGroupNotFoundFault', `DBParameterGroup not found: ${name}`, 404);
    return group;
  }

  /** Finds a group; `default.<family>` always exists. */
  find(name: string): ParameterGroup | undefined {
    const group = this.#groups.get(name);
    if (group || !/^default\.postgres\d+$/.test(name)) return group;
    const family = name.slice('default.'.length);
    return this.create(name, family, { description: `Default parameter group for ${family}` });
  }

  /** Removes a group; absent ones are no error. */
  remove(name: string): void {
    this.#groups.delete(name);
  }

  /** Every group that was made or asked for. */
  list(): readonly ParameterGroup[] {
    return [...this.#groups.values()];
  }
}

/** The parameters of a group as RDS describes them, by name. */
export function describeParameters(group: ParameterGroup): Parameter[] {
  const known = new Map<string, Parameter>();
  for (const { name, value, applyType } of DEFAULTS) {
    known.set(name, {
      ParameterName: name,
      ...(value === null ? {} : { ParameterValue: value }),
      Source: 'engine-default',
      ApplyType: applyType,
      IsModifiable: true,
      ApplyMethod: applyType === 'static' ? 'pending-reboot' : 'immediate',
    });
  }
  for (const [name, value] of group.parameters) {
    const parameter = known.get(name) ?? { ParameterName: name, ApplyType: 'dynamic', IsModifiable: true };
    known.set(name, { ...parameter, ParameterValue: value, Source: 'user' });
  }
  return [...known.values()].sort((left, right) => ((left.ParameterName ?? '') < (right.ParameterName ?? '') ? -1 : 1));
}

/**
 * Translates a group into settings of community PostgreSQL: `rds.logical_replication` is `wal_level`; other `rds.`
 * parameters have no counterpart; a formula over the instance's memory has no value here.
 */
export function settingsOf(group: ParameterGroup): Settings {
  const settings: Record<string, string> = {};
  for (const { ParameterName: name = '', ParameterValue: value = '' } of describeParameters(group)) {
    if (WITHOUT_COUNTERPART.test(name) || value.includes('{') || value === '') continue;
    settings[name] = value;
  }
  const logical = group.parameters.get('rds.logical_replication') === '1';
  return { ...settings, wal_level: logical ? 'logical' : 'replica' };
}
