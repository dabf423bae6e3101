/** What a copy moved and left out, from the answers and the evidence of its steps. */
import type { Output } from '../../../lambda/contract/payloads';
import { lostObjects, madeDatabases, plannedRows, plannedSchema } from '../report/evidence/copy-evidence';
import { told } from '../report/history/told';
import type { CopyReport } from '../report/report';
import type { LocalAws } from './local-aws';

/** Reads what there is; null when no database was made, and on the snapshot road. */
export async function readCopy(aws: LocalAws): Promise<CopyReport | null> {
  const { steps } = aws;
  const made = told(madeDatabases, await keptBy(aws, 'make-databases'));
  if (made === null) return null;
  const planned = steps.latest('plan-rows') as Output<'plan-rows'> | undefined;
  const concluded = steps.latest('conclude-rows') as Output<'conclude-rows'> | undefined;
  const evidence = {
    madeDatabases: made,
    plannedSchema: told(plannedSchema, await keptBy(aws, 'plan-schema')),
    plannedRows: told(plannedRows, await keptBy(aws, 'plan-rows')),
  };
  return {
    tables: planned?.tables ?? null,
    rows: concluded?.rows ?? null,
    bytes: concluded?.bytes ?? null,
    newPasswords: made.newPasswords,
    leftOut: lostObjects(evidence),
  };
}

/** What the step kept with its latest answer; undefined when it never answered, or kept nothing. */
async function keptBy({ plane, steps }: LocalAws, step: 'make-databases' | 'plan-schema' | 'plan-rows') {
  const report = (steps.latest(step) as Output<typeof step> | undefined)?.report;
  if (!report) return undefined;
  const body = await plane.s3.read(plane.s3.object(report.bucket, report.key));
  return JSON.parse(body.toString('utf8')) as unknown;
}
