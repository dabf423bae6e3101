import {
  DescribeApplicableIndividualAssessments$,
  type DescribeApplicableIndividualAssessmentsCommandInput,
  type DescribeApplicableIndividualAssessmentsCommandOutput,
  DescribeReplicationTaskAssessmentRuns$,
  type DescribeReplicationTaskAssessmentRunsCommandInput,
  type DescribeReplicationTaskAssessmentRunsCommandOutput,
  DescribeReplicationTaskIndividualAssessments$,
  type DescribeReplicationTaskIndividualAssessmentsCommandInput,
  type DescribeReplicationTaskIndividualAssessmentsCommandOutput,
  type ReplicationTaskAssessmentRun,
  StartReplicationTaskAssessmentRun$,
  type StartReplicationTaskAssessmentRunCommandInput,
  type StartReplicationTaskAssessmentRunCommandOutput,
} from '@aws-sdk/client-database-migration-service';
import { type Operation, operation } from '../../operation';
import type { DmsAccess } from '../access';
import { applicableAssessments } from '../assessment-checks';
import type { AssessmentRun, Assessments } from '../assessments';
import { filtered, page } from '../paging';
import type { Tasks } from '../tasks';

/** `StartReplicationTaskAssessmentRun`: hands a role over, so that its use must be allowed too. */
export function startAssessmentRun(assessments: Assessments, access: DmsAccess): Operation {
  return operation<StartReplicationTaskAssessmentRunCommandInput, StartReplicationTaskAssessmentRunCommandOutput>({
    schema: StartReplicationTaskAssessmentRun$,
    parameters: [
      'ReplicationTaskArn',
      'ServiceAccessRoleArn',
      'ResultLocationBucket',
      'ResultLocationFolder',
      'ResultEncryptionMode',
      'ResultKmsKeyArn',
      'AssessmentRunName',
      'IncludeOnly',
      'Exclude',
    ],
    access: ({ ReplicationTaskArn = '', ServiceAccessRoleArn = '' }) => [
      ...access.task('dms:StartReplicationTaskAssessmentRun', ReplicationTaskArn),
      {
        action: 'iam:PassRole',
        resource: ServiceAccessRoleArn,
        context: { 'iam:PassedToService': 'dms.amazonaws.com' },
      },
    ],
    run: (input) => {
      const run = assessments.start({
        taskArn: input.ReplicationTaskArn ?? '',
        name: input.AssessmentRunName ?? '',
        roleArn: input.ServiceAccessRoleArn ?? '',
        bucket: input.ResultLocationBucket ?? '',
        ...(input.ResultLocationFolder === undefined ? {} : { folder: input.ResultLocationFolder }),
        ...(input.ResultEncryptionMode === undefined ? {} : { encryption: input.ResultEncryptionMode }),
        ...(input.ResultKmsKeyArn === undefined ? {} : { kmsKeyArn: input.ResultKmsKeyArn }),
        ...(input.IncludeOnly === undefined ? {} : { includeOnly: input.IncludeOnly }),
        ...(input.Exclude === undefined ? {} : { exclude: input.Exclude }),
      });
      return { ReplicationTaskAssessmentRun: describeRun(assessments, run) };
    },
  });
}

/** `DescribeApplicableIndividualAssessments`, of a task that exists. */
export function describeApplicableAssessments(tasks: Tasks, access: DmsAccess): Operation {
  return operation<
    DescribeApplicableIndividualAssessmentsCommandInput,
    DescribeApplicableIndividualAssessmentsCommandOutput
  >({
    schema: DescribeApplicableIndividualAssessments$,
    parameters: ['ReplicationTaskArn', 'MaxRecords', 'Marker'],
    access: () => access.everywhere('dms:DescribeApplicableIndividualAssessments'),
    run: (input) => {
      const names = applicableAssessments(tasks.get(input.ReplicationTaskArn ?? ''));
      const { items, marker } = page(names, input);
      return { IndividualAssessmentNames: [...items], ...(marker && { Marker: marker }) };
    },
  });
}

/** `DescribeReplicationTaskAssessmentRuns`. */
export function describeAssessmentRuns(assessments: Assessments, access: DmsAccess): Operation {
  return operation<
    DescribeReplicationTaskAssessmentRunsCommandInput,
    DescribeReplicationTaskAssessmentRunsCommandOutput
  >({
    schema: DescribeReplicationTaskAssessmentRuns$,
    parameters: ['Filters', 'MaxRecords', 'Marker'],
    access: () => access.everywhere('dms:DescribeReplicationTaskAssessmentRuns'),
    run: (input) => {
      const found = filtered('DescribeReplicationTaskAssessmentRuns', assessments.list(), input.Filters, {
        'replication-task-assessment-run-arn': ({ arn }) => arn,
        'replication-task-arn': ({ task }) => task.arn,
        'replication-instance-arn': ({ task }) => task.instance.arn,
        status: ({ status }) => status,
      });
      const { items, marker } = page(found, input);
      return {
        ReplicationTaskAssessmentRuns: items.map((run) => describeRun(assessments, run)),
        ...(marker && { Marker: marker }),
      };
    },
  });
}

/** `DescribeReplicationTaskIndividualAssessments`. */
export function describeIndividualAssessments(assessments: Assessments, access: DmsAccess): Operation {
  return operation<
    DescribeReplicationTaskIndividualAssessmentsCommandInput,
    DescribeReplicationTaskIndividualAssessmentsCommandOutput
  >({
    schema: DescribeReplicationTaskIndividualAssessments$,
    parameters: ['Filters', 'MaxRecords', 'Marker'],
    access: () => access.everywhere('dms:DescribeReplicationTaskIndividualAssessments'),
    run: (input) => {
      const all = assessments.list().flatMap((run) => run.individual.map((each) => ({ run, each })));
      const found = filtered('DescribeReplicationTaskIndividualAssessments', all, input.Filters, {
        'replication-task-assessment-run-arn': ({ run }) => run.arn,
        'replication-task-arn': ({ run }) => run.task.arn,
        status: ({ each }) => each.status,
      });
      const { items, marker } = page(found, input);
      return {
        ReplicationTaskIndividualAssessments: items.map(({ run, each }) => ({
          ReplicationTaskIndividualAssessmentArn: each.arn,
          ReplicationTaskAssessmentRunArn: run.arn,
          IndividualAssessmentName: each.name,
          Status: each.status,
          ...(each.startedAt === null
            ? {}
            : { ReplicationTaskIndividualAssessmentStartDate: new Date(each.startedAt) }),
        })),
        ...(marker && { Marker: marker }),
      };
    },
  });
}

function describeRun(assessments: Assessments, run: AssessmentRun): ReplicationTaskAssessmentRun {
  const count = (status: string) => run.individual.filter((each) => each.status === status).length;
  const latest = assessments
    .list()
    .filter(({ task }) => task === run.task)
    .at(-1);
  return {
    ReplicationTaskAssessmentRunArn: run.arn,
    ReplicationTaskArn: run.task.arn,
    Status: run.status,
    ReplicationTaskAssessmentRunCreationDate: new Date(run.createdAt),
    AssessmentProgress: {
      IndividualAssessmentCount: run.individual.length,
      IndividualAssessmentCompletedCount: run.individual.length - count('pending') - count('running'),
    },
    ...(run.lastFailureMessage && { LastFailureMessage: run.lastFailureMessage }),
    ServiceAccessRoleArn: run.roleArn,
    ResultLocationBucket: run.bucket,
    ...(run.folder && { ResultLocationFolder: run.folder }),
    ...(run.encryption && { ResultEncryptionMode: run.encryption }),
    ...(run.kmsKeyArn && { ResultKmsKeyArn: run.kmsKeyArn }),
    AssessmentRunName: run.name,
    IsLatestTaskAssessmentRun: latest === run,
    ResultStatistic: {
      Passed: count('passed'),
      Failed: count('failed'),
      Error: count('error'),
      Warning: count('warning'),
      Cancelled: 0,
      Skipped: 0,
    },
  };
}
