import type { Clock } from '../../clock';
import { AwsFault } from '../fault';
import type { Keys } from '../kms/keys';
import type { Place } from '../place';
import { dmsArn, dmsIdentifier, newResourceName } from './names';
import type { ReplicationInstance, ReplicationInstanceSettings, SubnetGroup } from './resources';
import type { ServiceRoles } from './service-roles';
import type { DmsTimings } from './timings';

/** What instances and subnet groups work with. */
export interface ReplicationInstancesProps {
  readonly place: Place;
  readonly clock: Clock;
  readonly timings: DmsTimings;
  readonly keys: Keys;
  readonly roles: ServiceRoles;
  /** Aborted when the control plane closes. */
  readonly signal: AbortSignal;
}

/** A new instance as it is asked for. */
export interface NewReplicationInstance {
  readonly identifier: string;
  readonly resourceName?: string;
  readonly availabilityZone?: string;
  readonly subnetGroup?: string;
  readonly kmsKeyId?: string;
  readonly publiclyAccessible?: boolean;
  readonly settings: Partial<ReplicationInstanceSettings> & { readonly instanceClass: string };
  readonly tags: ReadonlyMap<string, string>;
}

/** The DMS engine that a rehearsal pretends to have. */
const ENGINE_VERSION = '3.6.1';

/** The replication instances and their subnet groups: recorded, with DMS's own states; what runs on them are tasks. */
export class ReplicationInstances {
  readonly #props: ReplicationInstancesProps;
  readonly #groups = new Map<string, SubnetGroup>();
  readonly #instances = new Map<string, ReplicationInstance>();

  constructor(props: ReplicationInstancesProps) {
    this.#props = props;
  }

  /**
   * Makes a subnet group, which needs the account's `dms-vpc-role`.
   *
   * @throws AwsFault `AccessDeniedFault` without that role, `ResourceAlreadyExistsFault`,
   * `ReplicationSubnetGroupDoesNotCoverEnoughAZs` for fewer than two subnets
   */
  createGroup(group: SubnetGroup): SubnetGroup {
    const identifier = group.identifier.toLowerCase();
    this.#props.roles.demandVpcRole();
    if (this.#groups.has(identifier))
      throw new AwsFault('ResourceAlreadyExistsFault', `Replication subnet group ${identifier} already exists.`);
    if (group.subnetIds.length < 2) {
      throw new AwsFault(
        'ReplicationSubnetGroupDoesNotCoverEnoughAZs',
        'Replication Subnet Group doesn’t meet availability zone coverage requirement. Please add subnets to cover at least 2 availability zones.',
      );
    }
    const made = { ...group, identifier };
    this.#groups.set(identifier, made);
    return made;
  }

  /** Finds a subnet group. */
  findGroup(identifier: string): SubnetGroup | undefined {
    return this.#groups.get(identifier.toLowerCase());
  }

  /** Removes a subnet group that no instance lives in. */
  removeGroup(identifier: string): void {
    const user = this.list().find(({ subnetGroup }) => subnetGroup?.identifier === identifier.toLowerCase());
    if (user) throw new AwsFault('InvalidResourceStateFault', `Replication subnet group ${identifier} is in use.`);
    this.#groups.delete(identifier.toLowerCase());
  }

  /**
   * Begins the creation of an instance; it answers while the instance is still `creating`.
   *
   * @throws AwsFault `ResourceAlreadyExistsFault`, `KMSKeyNotAccessibleFault`, `ResourceNotFoundFault` for its subnet group,
   * `AccessDeniedFault` without `dms-vpc-role`
   */
  create(request: NewReplicationInstance): ReplicationInstance {
    const { place, clock, keys, roles } = this.#props;
    const identifier = dmsIdentifier('ReplicationInstanceIdentifier', request.identifier, 63);
    roles.demandVpcRole();
    if (this.list().some((each) => each.identifier === identifier))
      throw new AwsFault('ResourceAlreadyExistsFault', `Replication Instance ${identifier} already exists.`);
    const subnetGroup = request.subnetGroup === undefined ? null : this.findGroup(request.subnetGroup);
    if (subnetGroup === undefined)
      throw new AwsFault('ResourceNotFoundFault', `Replication subnet group ${request.subnetGroup} not found.`);
    const instance: ReplicationInstance = {
      identifier,
      arn: dmsArn(place, 'rep', request.resourceName ?? newResourceName()),
      createdAt: clock.now(),
      availabilityZone: request.availabilityZone ?? `${place.region}a`,
      subnetGroup,
      kmsKeyArn: accessibleKey(keys, request.kmsKeyId),
      publiclyAccessible: request.publiclyAccessible ?? true,
      settings: {
        allocatedStorageGib: 50,
        autoMinorVersionUpgrade: true,
        engineVersion: ENGINE_VERSION,
        multiAz: false,
        maintenanceWindow: 'sun:06:00-sun:06:30',
        securityGroupIds: [],
        ...request.settings,
      },
      tags: request.tags,
      status: 'creating',
      settled: Promise.resolve(),
    };
    this.#instances.set(instance.arn, instance);
    this.#transition(instance, 'creating', this.#props.timings.createInstanceMs);
    return instance;
  }

  /** Begins a modification; settings take effect at its end. */
  modify(arn: string, settings: Partial<ReplicationInstanceSettings>): ReplicationInstance {
    const instance = this.available(arn);
    Object.assign(instance.settings, settings);
    this.#transition(instance, 'modifying', this.#props.timings.createTaskMs);
    return instance;
  }

  /** Begins a deletion; the instance is gone when it has settled. */
  delete(arn: string): ReplicationInstance {
    const instance = this.get(arn);
    this.#transition(instance, 'deleting', this.#props.timings.deleteInstanceMs, () => this.#instances.delete(arn));
    return instance;
  }

  /** Finds an instance by its ARN. */
  find(arn: string): ReplicationInstance | undefined {
    return this.#instances.get(arn);
  }

  /**
   * The instance of an ARN.
   *
   * @throws AwsFault `ResourceNotFoundFault`
   */
  get(arn: string): ReplicationInstance {
    const instance = this.find(arn);
    if (instance) return instance;
    throw new AwsFault('ResourceNotFoundFault', `No Replication Instance found matching ${arn}`);
  }

  /** The instance, if it is available; `InvalidResourceStateFault` otherwise. */
  available(arn: string): ReplicationInstance {
    const instance = this.get(arn);
    if (instance.status === 'available') return instance;
    throw new AwsFault(
      'InvalidResourceStateFault',
      `Replication Instance ${instance.arn} is in status ${instance.status}, it must be available`,
    );
  }

  /** Every instance, by identifier. */
  list(): readonly ReplicationInstance[] {
    return [...this.#instances.values()].sort((left, right) => (left.identifier < right.identifier ? -1 : 1));
  }

  #transition(
    instance: ReplicationInstance,
    status: ReplicationInstance['status'],
    ms: number,
    end: () => void = () => undefined,
  ): void {
    instance.status = status;
    instance.settled = this.#props.clock.sleep(ms, this.#props.signal).then(
      () => {
        instance.status = 'available';
        end();
      },
      // The control plane closes: the status stays as it is.
      () => undefined,
    );
  }
}

/**
 * The ARN of a key that DMS can use, `alias/aws/dms` unless one is named.
 *
 * @throws AwsFault `KMSKeyNotAccessibleFault`
 */
export function accessibleKey(keys: Keys, keyId: string | undefined): string {
  const key = keys.find(keyId ?? 'alias/aws/dms');
  if (key?.state === 'Enabled') return key.arn;
  throw new AwsFault('KMSKeyNotAccessibleFault', `The KMS key ${keyId} is not accessible to DMS.`);
}
