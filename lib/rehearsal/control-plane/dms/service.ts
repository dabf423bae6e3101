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
import { byName, type Service } from '../operation';
import { DmsAccess } from './access';
import type { Dms } from './account';
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
