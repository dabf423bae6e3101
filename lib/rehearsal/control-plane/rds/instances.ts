import { AwsFault } from '../fault';
import { type DatabaseHost, IncompatibleParameters, type MasterCredentials } from './database-host';
import { encryptionFor } from './encryption';
import { requireOffered } from './engine-versions';
import {
  defaultSettings,
  endpointName,
  type Instance,
  type InstanceStatus,
  instanceArn,
  instanceIdentifier,
  newResourceId,
} from './instance';
import type { InstanceChange, InstancesProps, NewInstance, RestoredInstance } from './instance-request';
import { manageMasterSecret } from './master-secret';
import { settingsOf } from './parameter-groups';

/** The RDS instances of the account, each with a real server behind it. */
export class Instances {
  readonly #props: InstancesProps;
  readonly #instances = new Map<string, Instance>();

  constructor(props: InstancesProps) {
    this.#props = props;
  }

  /**
   * Begins the creation of an empty instance; it answers while the instance is still `creating`.
   *
   * @throws AwsFault `InvalidParameterCombination` for a version or a group that does not fit, `InvalidParameterValue` for a
   * reserved master user, `KMSKeyNotAccessibleFault`
   */
  create(request: NewInstance): Instance {
    const { host } = this.#props;
    requireOffered('postgres', request.engineVersion);
    requireMasterName(request.master.username);
    const major = Number.parseInt(request.engineVersion, 10);
    const encryption = encryptionFor(this.#props.keys, request.storageEncrypted === true, request.kmsKeyId ?? null);
    const instance = this.#add(request, major, {
      encryption,
      engineVersion: request.engineVersion,
      masterUsername: request.master.username,
      databaseName: request.databaseName ?? null,
      restoredFrom: null,
    });
    const password = request.master.password;
    const master: MasterCredentials = {
      username: request.master.username,
      password: password ?? this.#manageMasterSecret(instance, request.masterSecretKmsKeyId),
    };
    this.#birth(instance, (settings) =>
      host.create({ ...settings, engineVersion: request.engineVersion, master, databaseName: instance.databaseName }),
    );
    return instance;
  }

  /**
   * Begins a restore: always a new instance, with the snapshot's encryption and master user, and with *default* groups and
   * no deletion protection unless passed (facts E13).
   *
   * @throws AwsFault `InvalidDBSnapshotStateFault`, `KMSKeyNotAccessibleFault`
   */
  restore(request: RestoredInstance): Instance {
    const { host, keys } = this.#props;
    const { snapshot } = request;
    if (snapshot.status !== 'available') {
      throw new AwsFault(
        'InvalidDBSnapshotStateFault',
        `DBSnapshot ${snapshot.snapshotId} is not available, its status is ${snapshot.status}`,
      );
    }
    if (snapshot.encryption.kmsKeyArn) encryptionFor(keys, true, snapshot.encryption.kmsKeyArn);
    const major = Number.parseInt(snapshot.engineVersion, 10);
    const inherited = {
      instanceClass: snapshot.instanceClass,
      allocatedStorageGib: snapshot.allocatedStorageGib,
      storageType: snapshot.storageType,
    };
    const withTags = {
      ...request,
      settings: { ...inherited, ...request.settings },
      tags: request.tags ?? snapshot.tags,
    };
    const instance = this.#add(withTags, major, {
      encryption: snapshot.encryption,
      engineVersion: snapshot.engineVersion,
      masterUsername: snapshot.masterUsername,
      databaseName: null,
      restoredFrom: snapshot.arn,
    });
    const { engineVersion, directory: snapshotDirectory } = snapshot;
    this.#birth(instance, (settings) => host.restore({ ...settings, engineVersion, snapshotDirectory, master: null }));
    return instance;
  }

  /**
   * Begins a modification of settings, of the master password, or of who keeps it.
   *
   * @throws AwsFault `InvalidDBInstanceStateFault` unless the instance is available
   */
  modify(instanceId: string, change: InstanceChange): Instance {
    const instance = this.available(instanceId);
    const before = instance.settings;
    instance.settings = { ...before, ...change.settings };
    if (instance.settings.parameterGroup !== before.parameterGroup) instance.parameterApplyStatus = 'pending-reboot';
    const managed = change.manageMasterPassword === true && instance.masterUserSecret === null;
    const password = managed ? this.#manageMasterSecret(instance, change.masterSecretKmsKeyId) : change.masterPassword;
    this.#transition(instance, password === undefined ? 'modifying' : 'resetting-master-credentials', async () => {
      await this.#sleep(this.#props.timings.modifyInstanceMs);
      if (password !== undefined) await instance.database?.setPassword({ username: instance.masterUsername, password });
    });
    return instance;
  }

  /** Begins a reboot: it brings a newly attached parameter group into effect. */
  reboot(instanceId: string): Instance {
    const instance = this.available(instanceId);
    this.#transition(instance, 'rebooting', async () => {
      await instance.database?.reboot(this.#settingsOf(instance));
      await this.#sleep(this.#props.timings.rebootMs);
      instance.parameterApplyStatus = 'in-sync';
    });
    return instance;
  }

  /**
   * Begins a deletion; the instance is gone when it has settled.
   *
   * @throws AwsFault `InvalidParameterCombination` under deletion protection
   */
  delete(instanceId: string): Instance {
    const instance = this.get(instanceId);
    if (instance.settings.deletionProtection) {
      throw new AwsFault(
        'InvalidParameterCombination',
        'Cannot delete protected DB Instance, please disable deletion protection and try again.',
      );
    }
    if (instance.status === 'deleting')
      throw new AwsFault('InvalidDBInstanceStateFault', `Instance ${instance.instanceId} is already being deleted.`);
    this.#transition(instance, 'deleting', async () => {
      await instance.database?.remove();
      await this.#sleep(this.#props.timings.deleteInstanceMs);
      if (instance.masterUserSecret) this.#props.secrets.remove(instance.masterUserSecret.secretArn);
      this.#instances.delete(instance.instanceId);
    });
    return instance;
  }

  /** Runs a backup of an available instance under the status `backing-up`. */
  backup(instance: Instance, work: () => Promise<void>): Promise<void> {
    this.#transition(instance, 'backing-up', work);
    return instance.settled;
  }

  /**
   * Finds an instance by id, in any case.
   *
   * @throws AwsFault `DBInstanceNotFoundFault`
   */
  get(instanceId: string): Instance {
    const instance = this.find(instanceId);
    if (!instance) throw new AwsFault('DBInstanceNotFoundFault', `DBInstance ${instanceId} not found.`, 404);
    return instance;
  }

  /** Finds an instance by id, in any case. */
  find(instanceId: string): Instance | undefined {
    return this.#instances.get(instanceId.toLowerCase());
  }

  /** Every instance, by id. */
  list(): readonly Instance[] {
    return [...this.#instances.values()].sort((left, right) => (left.instanceId < right.instanceId ? -1 : 1));
  }

  /** The instance, if it is available; `InvalidDBInstanceStateFault` otherwise. */
  available(instanceId: string): Instance {
    const instance = this.get(instanceId);
    if (instance.status === 'available') return instance;
    throw new AwsFault(
      'InvalidDBInstanceStateFault',
      `Database instance ${instance.instanceId} is not in available state, its status is ${instance.status}.`,
    );
  }

  /** Waits until every instance has left its transitional status. */
  async settle(): Promise<void> {
    await Promise.all(this.list().map(({ settled }) => settled));
  }

  #add(
    request: Pick<NewInstance, 'instanceId' | 'availabilityZone' | 'settings' | 'tags'>,
    major: number,
    facts: Pick<Instance, 'encryption' | 'engineVersion' | 'masterUsername' | 'databaseName' | 'restoredFrom'>,
  ): Instance {
    const { place, clock, parameterGroups } = this.#props;
    const instanceId = instanceIdentifier(request.instanceId);
    if (this.#instances.has(instanceId))
      throw new AwsFault('DBInstanceAlreadyExistsFault', `DB instance already exists: ${instanceId}`);
    const settings = { ...defaultSettings(major), ...request.settings };
    const { family } = parameterGroups.get(settings.parameterGroup);
    if (family !== `postgres${major}`) {
      throw new AwsFault(
        'InvalidParameterCombination',
        `The Parameter Group ${settings.parameterGroup} with DBParameterGroupFamily ${family} cannot be used for this instance. Please use a Parameter Group with DBParameterGroupFamily postgres${major}`,
      );
    }
    const instance: Instance = {
      ...facts,
      instanceId,
      arn: instanceArn(place, instanceId),
      resourceId: newResourceId(),
      hostName: endpointName(place, instanceId),
      createdAt: clock.now(),
      availabilityZone: request.availabilityZone ?? `${place.region}a`,
      status: 'creating',
      settings,
      parameterApplyStatus: 'in-sync',
      masterUserSecret: null,
      tags: new Map(request.tags),
      database: null,
      settled: Promise.resolve(),
      statusReason: null,
    };
    this.#instances.set(instanceId, instance);
    return instance;
  }

  #birth(
    instance: Instance,
    make: (request: {
      instanceId: string;
      hostName: string;
      settings: ReturnType<typeof settingsOf>;
    }) => ReturnType<DatabaseHost['create']>,
  ): void {
    this.#transition(instance, 'creating', async () => {
      const { instanceId, hostName } = instance;
      const born = make({ instanceId, hostName, settings: this.#settingsOf(instance) });
      const [database] = await Promise.all([born, this.#sleep(this.#props.timings.createInstanceMs)]);
      instance.database = database;
      instance.engineVersion = database.engineVersion;
      if (instance.settings.backupRetentionDays === 0) return;
      instance.status = 'backing-up';
      await this.#sleep(this.#props.timings.firstBackupMs);
    });
  }

  #settingsOf(instance: Instance) {
    return settingsOf(this.#props.parameterGroups.get(instance.settings.parameterGroup));
  }

  #manageMasterSecret(instance: Instance, kmsKeyId: string | undefined): string {
    const { secret, password } = manageMasterSecret(this.#props, instance, kmsKeyId);
    instance.masterUserSecret = secret;
    const active = () => {
      secret.status = 'active';
    };
    this.#sleep(this.#props.timings.masterSecretMs).then(active, () => undefined);
    return password;
  }

  #transition(instance: Instance, status: InstanceStatus, work: () => Promise<void>): void {
    instance.status = status;
    instance.settled = work().then(
      () => {
        instance.status = 'available';
      },
      (error: unknown) => {
        instance.statusReason = error instanceof Error ? error.message : String(error);
        if (!this.#props.signal.aborted) instance.status = statusAfter(status, error);
      },
    );
  }

  #sleep(ms: number): Promise<void> {
    return this.#props.clock.sleep(ms, this.#props.signal);
  }
}

/** Names that RDS keeps for itself, or that PostgreSQL refuses. */
function requireMasterName(username: string): void {
  if (!/^(?:admin|rdsadmin|pg_.*)$/i.test(username)) return;
  throw new AwsFault(
    'InvalidParameterValue',
    `MasterUsername ${username} cannot be used as it is a reserved word used by the engine`,
  );
}

/** A failed backup leaves the instance as it was. */
function statusAfter(status: InstanceStatus, error: unknown): InstanceStatus {
  if (error instanceof IncompatibleParameters) return 'incompatible-parameters';
  return status === 'backing-up' ? 'available' : 'failed';
}
