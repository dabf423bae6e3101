import {
  AccessDeniedFault$,
  InvalidCertificateFault$,
  InvalidResourceStateFault$,
  KMSKeyNotAccessibleFault$,
  ReplicationSubnetGroupDoesNotCoverEnoughAZs$,
  ResourceAlreadyExistsFault$,
  ResourceNotFoundFault$,
  S3ResourceNotFoundFault$,
} from '@aws-sdk/client-database-migration-service';
import type { Clock } from '../../clock';
import type { Authorize } from '../authorization';
import type { Keys } from '../kms/keys';
import { byName, type Service } from '../operation';
import type { Place } from '../place';
import type { Buckets } from '../s3/buckets';
import type { Secrets } from '../secrets/secrets';
import { DmsAccess } from './access';
import { Assessments } from './assessments';
import {
  describeApplicableAssessments,
  describeAssessmentRuns,
  describeIndividualAssessments,
  startAssessmentRun,
} from './calls/assessment-calls';
import { deleteConnection, describeConnections, testConnection } from './calls/connection-calls';
import { createEndpoint, deleteEndpoint } from './calls/endpoint-calls';
import { describeEndpoints, describeReplicationInstances } from './calls/instance-calls';
import { describeTableStatistics, reloadTables } from './calls/table-calls';
import { createTask, deleteTask, describeTasks, modifyTask, startTask, stopTask } from './calls/task-calls';
import { Connections } from './connections';
import { EndpointDoor } from './endpoint-door';
import { Endpoints } from './endpoints';
import { ReplicationInstances } from './replication-instances';
import { type AuthorizeAssumeRole, ServiceRoles } from './service-roles';
import { Tasks } from './tasks';
import type { DmsTimings } from './timings';

/** DMS as a migration sees it: the parts of the account. */
export interface Dms {
  readonly instances: ReplicationInstances;
  readonly endpoints: Endpoints;
  readonly connections: Connections;
  readonly tasks: Tasks;
  readonly assessments: Assessments;
  /** Waits until every run has ended; they end with the signal. */
  settle(): Promise<void>;
}

/** What DMS stands on. */
export interface DmsProps {
  readonly place: Place;
  readonly clock: Clock;
  readonly timings: DmsTimings;
  readonly keys: Keys;
  readonly secrets: Secrets;
  readonly buckets: Buckets;
  readonly authorize: Authorize;
  readonly authorizeAssumeRole: AuthorizeAssumeRole;
  /** Whether a host name leads anywhere. */
  readonly isKnownHost: (name: string) => boolean;
  /** Aborted when the control plane closes. */
  readonly signal: AbortSignal;
}

/** Makes an account's DMS, empty. */
export function createDms(props: DmsProps): Dms {
  const { place, clock, timings, keys, secrets, buckets, signal } = props;
  const roles = new ServiceRoles(place, props.authorize, props.authorizeAssumeRole);
  const instances = new ReplicationInstances({ place, clock, timings, keys, roles, signal });
  const endpoints = new Endpoints(place, clock, keys);
  const door = new EndpointDoor({ endpoints, secrets, keys, roles, isKnownHost: props.isKnownHost });
  const connections = new Connections({ clock, timings, door, signal });
  const tasks = new Tasks({ place, clock, timings, instances, endpoints, connections, door, signal });
  const assessments = new Assessments({ place, clock, timings, tasks, door, buckets, keys, roles, signal });
  return {
    instances,
    endpoints,
    connections,
    tasks,
    assessments,
    async settle() {
      await Promise.all([tasks.settle(), assessments.settle()]);
    },
  };
}

/**
 * DMS as far as a migration asks: describe, endpoints, test connections, the life of tasks, their tables, premigration assessments.
 * Instances and certificates are made by CloudFormation alone.
 */
export function dmsService(dms: Dms): Service {
  const { instances, endpoints, tasks, assessments } = dms;
  const access = new DmsAccess(instances, endpoints, tasks);
  return {
    signingName: 'dms',
    protocol: 'json-1.1',
    errors: [
      AccessDeniedFault$,
      InvalidCertificateFault$,
      InvalidResourceStateFault$,
      KMSKeyNotAccessibleFault$,
      ReplicationSubnetGroupDoesNotCoverEnoughAZs$,
      ResourceAlreadyExistsFault$,
      ResourceNotFoundFault$,
      S3ResourceNotFoundFault$,
    ],
    operations: byName([
      describeReplicationInstances(instances, access),
      describeEndpoints(endpoints, access),
      createEndpoint(dms, access),
      deleteEndpoint(dms, access),
      testConnection(dms, access),
      describeConnections(dms, access),
      deleteConnection(dms, access),
      createTask(tasks, access),
      describeTasks(tasks, access),
      modifyTask(tasks, access),
      startTask(tasks, access),
      stopTask(tasks, access),
      deleteTask(tasks, access),
      describeTableStatistics(tasks, access),
      reloadTables(tasks, access),
      describeApplicableAssessments(tasks, access),
      startAssessmentRun(assessments, access),
      describeAssessmentRuns(assessments, access),
      describeIndividualAssessments(assessments, access),
    ]),
    deniedCode: 'AccessDeniedException',
  };
}
