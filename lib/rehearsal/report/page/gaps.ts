/** What a page of a real execution cannot show, and how it would. */
import type { EvidenceFacts } from '../evidence/evidence-facts';
import type { MigrationFacts } from '../history/migration-facts';
import { count } from '../words';
import type { Gap, ReportPage } from './page';

const SYNC = 'copy the evidence bucket with aws s3 sync and give the folder with --evidence';

/** Said instead of drawn empty. */
export function executionGaps(
  facts: MigrationFacts,
  evidence: EvidenceFacts | null,
  page: Pick<ReportPage, 'lag' | 'checks' | 'changes' | 'verification' | 'outage'>,
): Gap[] {
  const without = evidence === null ? SYNC : 'the evidence that was given does not hold it';
  const gaps: (Gap | null)[] = [
    {
      what: 'Lost and doubled writes, latency of the writes',
      why: 'a history holds no books of the applications; the writers of a rehearsal keep them (npm start)',
    },
    page.lag ? null : { what: 'Replication lag', why: whyNoLag(facts) },
    page.outage ? null : { what: 'Outage', why: 'no cutover went through in these histories' },
    page.verification?.tables ? null : { what: 'Verification table by table', why: whyNoTables(facts, without) },
    page.checks && evidence?.checks ? null : { what: 'Every check with its remedy', why: whyNoChecks(facts, without) },
    page.changes ? null : { what: 'What was changed on the source and given back', why: without },
    ...facts.missing.map(({ machine, arn }) => ({
      what: `States of ${machine}`,
      why: `its history is a file of its own: fetch that of ${arn} and give it too, with another --history`,
    })),
    facts.root.withData
      ? null
      : { what: 'Inputs and outputs', why: 'the history was fetched with --no-include-execution-data' },
    ...(evidence?.notUnderstood ?? []).map((name) => ({
      what: `Evidence ${name}`,
      why: 'it is of another shape than this version of the command knows',
    })),
  ];
  return gaps.filter((gap) => gap !== null);
}

function whyNoLag({ executions, lag, missing }: MigrationFacts): string {
  if (lag.length > 0) return `it was looked at only ${count(lag.length)} time, which is no line`;
  if (missing.some(({ machine }) => machine === 'replicate')) return 'the history of Replicate holds it';
  const replicated = executions.some(({ entered }) => entered.has('Watch replication'));
  return replicated ? 'the history was fetched without data' : 'the run did not get as far as following the source';
}

function whyNoTables({ verification, missing }: MigrationFacts, without: string): string {
  const verified = verification !== null || missing.some(({ machine }) => machine !== 'assess');
  return verified ? without : 'nothing was verified in these histories';
}

function whyNoChecks({ assessment }: MigrationFacts, without: string): string {
  if (assessment === null) return without;
  const { pass = 0, warn = 0, block = 0 } = assessment.counts;
  return `the history says ${pass} passed, ${warn} warnings, ${block} blocking; ${without}`;
}
