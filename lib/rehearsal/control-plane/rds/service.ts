import {
  DBInstanceAlreadyExistsFault$,
  DBInstanceNotFoundFault$,
  DBParameterGroupAlreadyExistsFault$,
  DBParameterGroupNotFoundFault$,
  DBProxyNotFoundFault$,
  DBProxyTargetAlreadyRegisteredFault$,
  DBProxyTargetGroupNotFoundFault$,
  DBProxyTargetNotFoundFault$,
  DBSnapshotAlreadyExistsFault$,
  DBSnapshotNotFoundFault$,
  InvalidDBInstanceStateFault$,
  InvalidDBSnapshotStateFault$,
  KMSKeyNotAccessibleFault$,
  SnapshotQuotaExceededFault$,
} from '@aws-sdk/client-rds';
import type { Keys } from '../kms/keys';
import { byName, type Service } from '../operation';
import type { Place } from '../place';
import { RdsAccess } from './access';
import { describeAccountAttributes, describeOrderableOptions } from './account-operations';
import { describeInstances } from './instance-operations';
import type { Instances } from './instances';
import type { ParameterGroups } from './parameter-groups';
import { describeParameterGroups, describeParameters } from './parameter-operations';
import type { Proxies } from './proxies';
import { deregisterTargets, describeProxies, describeProxyTargets, registerTargets } from './proxy-operations';
import { copySnapshot, createSnapshot, deleteSnapshot, describeSnapshots } from './snapshot-operations';
import type { Snapshots } from './snapshots';
import { addTags, listTags, tagsOf } from './tag-operations';

/** RDS as the migration sees it: the parts of the account. */
export interface Rds {
  readonly instances: Instances;
  readonly snapshots: Snapshots;
  readonly parameterGroups: ParameterGroups;
  readonly proxies: Proxies;
}

/**
 * RDS as far as the migration asks: describe, snapshot, copy, tag, delete snapshots, and what stands behind a proxy. Instances are made by CloudFormation alone, as on AWS.
 *
 * @param rds the account's instances, snapshots, parameter groups and proxies
 */
export function rdsService({ instances, snapshots, parameterGroups, proxies }: Rds, keys: Keys, place: Place): Service {
  const access = new RdsAccess(place, instances, snapshots, parameterGroups);
  const tags = tagsOf(instances, snapshots, parameterGroups);
  return {
    signingName: 'rds',
    protocol: 'query',
    xmlNamespace: 'http://rds.amazonaws.com/doc/2014-10-31/',
    errors: [
      DBInstanceAlreadyExistsFault$,
      DBInstanceNotFoundFault$,
      DBParameterGroupAlreadyExistsFault$,
      DBParameterGroupNotFoundFault$,
      DBProxyNotFoundFault$,
      DBProxyTargetAlreadyRegisteredFault$,
      DBProxyTargetGroupNotFoundFault$,
      DBProxyTargetNotFoundFault$,
      DBSnapshotAlreadyExistsFault$,
      DBSnapshotNotFoundFault$,
      InvalidDBInstanceStateFault$,
      InvalidDBSnapshotStateFault$,
      KMSKeyNotAccessibleFault$,
      SnapshotQuotaExceededFault$,
    ],
    operations: byName([
      describeInstances(instances, keys, access),
      createSnapshot(snapshots, access),
      copySnapshot(snapshots, keys, access),
      deleteSnapshot(snapshots, access),
      describeSnapshots(snapshots, access),
      describeParameters(parameterGroups, access),
      describeParameterGroups(parameterGroups, access, `arn:aws:rds:${place.region}:${place.account}`),
      describeAccountAttributes(instances, snapshots),
      describeOrderableOptions(),
      addTags(tags, access),
      listTags(tags, access),
      describeProxies(proxies),
      describeProxyTargets(proxies),
      registerTargets(proxies, access),
      deregisterTargets(proxies, access),
    ]),
    deniedCode: 'AccessDenied',
  };
}
