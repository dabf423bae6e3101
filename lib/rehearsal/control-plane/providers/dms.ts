import type { ResourceProvider } from '../../cloudformation/provider';
import type { Dms } from '../dms/account';
import { certificateProvider, endpointProvider } from './dms/endpoint';
import { replicationInstanceProvider, subnetGroupProvider } from './dms/instance';
import { taskProvider } from './dms/task';

/** Providers of `AWS::DMS::ReplicationSubnetGroup`, `ReplicationInstance`, `Certificate`, `Endpoint` and `ReplicationTask`. */
export function dmsProviders(dms: Dms): ResourceProvider[] {
  return [
    subnetGroupProvider(dms),
    replicationInstanceProvider(dms),
    certificateProvider(dms),
    endpointProvider(dms),
    taskProvider(dms),
  ];
}
