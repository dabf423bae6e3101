import type { Clock } from '../../clock';
import { AwsFault, Refusal } from '../fault';
import type { Keys } from '../kms/keys';
import type { Place } from '../place';
import type { Buckets } from '../s3/buckets';
import { objectAccess } from '../s3/object-access';
import { type AssessmentStatus, applicableAssessments, assess, isAssessment, tablesOf } from './assessment-checks';
import type { EndpointDoor } from './endpoint-door';
import { dmsArn, invalidCombination, newResourceName } from './names';
import type { ServiceRoles } from './service-roles';
import type { Task } from './task';
import type { Tasks } from './tasks';
import type { DmsTimings } from './timings';

/** What assessment runs work with. */
export interface AssessmentsProps {
  readonly place: Place;
  readonly clock: Clock;
  readonly timings: DmsTimings;
  readonly tasks: Tasks;
  readonly door: EndpointDoor;
  readonly buckets: Buckets;
  readonly keys: Keys;
  readonly roles: ServiceRoles;
  readonly signal: AbortSignal;
}

/** One assessment of a run. */
export interface IndividualAssessment {
  readonly arn: string;
  readonly name: string;
  status: 'pending' | 'running' | AssessmentStatus;
  startedAt: number | null;
}

/** A run of assessments. */
export interface AssessmentRun {
  readonly arn: string;
  readonly name: string;
  readonly task: Task;
  readonly createdAt: number;
  readonly roleArn: string;
  readonly bucket: string;
  readonly folder: string | null;
  readonly encryption: 'SSE_S3' | 'SSE_KMS' | null;
  readonly kmsKeyArn: string | null;
  status:
    | 'starting'
    | 'provisioning'
    | 'running'
    | 'passed'
    | 'failed'
    | 'warning'
    | 'error-provisioning'
    | 'error-executing';
  lastFailureMessage: string | null;
  readonly individual: readonly IndividualAssessment[];
  settled: Promise<void>;
}

/** A run as it is asked for. */
export interface WantedAssessmentRun {
  readonly taskArn: string;
  readonly name: string;
  readonly roleArn: string;
  readonly bucket: string;
  readonly folder?: string;
  readonly encryption?: string;
  readonly kmsKeyArn?: string;
  readonly includeOnly?: readonly string[];
  readonly exclude?: readonly string[];
}

/** The premigration assessment runs: real looks at both sides, their findings in a bucket, written in the name of a role. */
export class Assessments {
  readonly #props: AssessmentsProps;
  readonly #runs = new Map<string, AssessmentRun>();

  constructor(props: AssessmentsProps) {
    this.#props = props;
  }

  /**
   * Begins a run.
   *
   * @throws AwsFault `ResourceAlreadyExistsFault` for a name that the task had before, `InvalidResourceStateFault` while the task
   * runs, `AccessDeniedFault` for the role, `S3ResourceNotFoundFault`, `InvalidParameterCombinationException`; Refusal for
   * assessments that are not known
   */
  start(wanted: WantedAssessmentRun): AssessmentRun {
    const { place, clock, tasks, buckets, keys, roles } = this.#props;
    const task = tasks.get(wanted.taskArn);
    if (!['ready', 'stopped', 'failed'].includes(task.status))
      throw new AwsFault(
        'InvalidResourceStateFault',
        `Replication Task ${task.identifier} is in status ${task.status}`,
      );
    if (this.list().some((run) => run.task === task && run.name === wanted.name))
      throw new AwsFault('ResourceAlreadyExistsFault', `Assessment run ${wanted.name} already exists.`);
    const names = chosen(task, wanted);
    if (!buckets.find(wanted.bucket))
      throw new AwsFault('S3ResourceNotFoundFault', `The bucket ${wanted.bucket} does not exist`);
    const folder = wanted.folder ?? null;
    const kmsKeyArn = wanted.kmsKeyArn ?? null;
    const arn = dmsArn(place, 'assessment-run', newResourceName());
    const key = kmsKeyArn === null ? {} : { keyId: kmsKeyArn };
    roles.demand(
      wanted.roleArn,
      'global',
      objectAccess(buckets, keys, 's3:PutObject', wanted.bucket, objectKey(folder, task, arn), {
        action: 'kms:GenerateDataKey',
        ...key,
      }),
    );
    const run: AssessmentRun = {
      arn,
      name: wanted.name,
      task,
      createdAt: clock.now(),
      roleArn: wanted.roleArn,
      bucket: wanted.bucket,
      folder,
      encryption: encryptionOf(wanted.encryption),
      kmsKeyArn,
      status: 'starting',
      lastFailureMessage: null,
      individual: names.map((name) => individual(place, name)),
      settled: Promise.resolve(),
    };
    this.#runs.set(run.arn, run);
    run.settled = tasks.underTest(task, () => this.#run(run)).catch(() => undefined);
    return run;
  }

  /** Every run, the latest last. */
  list(): readonly AssessmentRun[] {
    return [...this.#runs.values()];
  }

  /** Waits until every run has ended. */
  async settle(): Promise<void> {
    await Promise.all(this.list().map(({ settled }) => settled));
  }

  async #run(run: AssessmentRun): Promise<void> {
    const { clock, timings, signal } = this.#props;
    await clock.sleep(timings.assessmentStepMs, signal);
    run.status = 'provisioning';
    await clock.sleep(timings.assessmentStepMs, signal);
    run.status = 'running';
    try {
      await this.#assessAll(run);
    } catch (error) {
      run.status = 'error-executing';
      run.lastFailureMessage = error instanceof Error ? error.message : String(error);
      return;
    }
    await clock.sleep(timings.assessmentStepMs, signal);
    await this.#write(run);
    const has = (status: AssessmentStatus) => run.individual.some((each) => each.status === status);
    run.status = has('failed') || has('error') ? 'failed' : has('warning') ? 'warning' : 'passed';
    if (run.status === 'failed') run.lastFailureMessage = 'At least one individual assessment did not pass';
  }

  async #assessAll(run: AssessmentRun): Promise<void> {
    const { door, clock } = this.#props;
    const { task } = run;
    await door.within(task.source, 'AWS DMS assessment', (source) =>
      door.within(task.target, 'AWS DMS assessment', async (target) => {
        const scene = { task, source, target, tables: await tablesOf(task, source) };
        for (const each of run.individual) {
          Object.assign(each, { status: 'running', startedAt: clock.now() });
          each.status = await assess(each.name, scene);
        }
      }),
    );
  }

  async #write(run: AssessmentRun): Promise<void> {
    const results = run.individual.map(({ name, status }) => ({ IndividualAssessmentName: name, Status: status }));
    const body = JSON.stringify({ AssessmentRunName: run.name, ReplicationTaskArn: run.task.arn, Results: results });
    await this.#props.buckets.put(run.bucket, objectKey(run.folder, run.task, run.arn), Buffer.from(body), {
      contentType: 'application/json',
      contentEncoding: null,
      metadata: {},
    });
  }
}

function chosen(task: Task, { includeOnly, exclude }: WantedAssessmentRun): readonly string[] {
  if (includeOnly !== undefined && exclude !== undefined)
    throw invalidCombination('IncludeOnly and Exclude cannot be set at the same time');
  const unknown = [...(includeOnly ?? []), ...(exclude ?? [])].find((name) => !isAssessment(name));
  if (unknown !== undefined) throw new Refusal(`individual assessment ${unknown} of DMS`);
  return includeOnly ?? applicableAssessments(task).filter((name) => !exclude?.includes(name));
}

function encryptionOf(word: string | undefined): AssessmentRun['encryption'] {
  if (word === undefined || word === 'SSE_S3' || word === 'SSE_KMS') return word ?? null;
  throw new Refusal(`ResultEncryptionMode ${word} of DMS`);
}

function individual(place: Place, name: string): IndividualAssessment {
  return { arn: dmsArn(place, 'individual-assessment', newResourceName()), name, status: 'pending', startedAt: null };
}

function objectKey(folder: string | null, task: Task, runArn: string): string {
  return `${folder === null ? '' : `${folder}/`}${task.identifier}-${runArn.slice(runArn.lastIndexOf(':') + 1)}.json`;
}
