/** Events of `GetExecutionHistory` as the AWS CLI prints them, read leniently: only what the page uses is looked at. */
import * as z from 'zod';
import { FETCH, HistoryFileError } from './history-file-error';

const text = z.string().optional().catch(undefined);
const failure = z.object({ error: text, cause: text }).optional();
const answer = z.object({ output: text }).optional();
const integration = z.object({ resource: text, resourceType: text, output: text, error: text, cause: text }).optional();

/** The year 2286: a greater number is no count of seconds. */
const LATEST_SECONDS = 1e10;

/** AWS prints ISO strings, or seconds since the epoch when the CLI is told so. */
const timestamp = z.union([
  z.string().transform((value, context) => {
    const ms = Date.parse(value);
    if (!Number.isNaN(ms)) return ms;
    context.addIssue({ code: 'custom', message: 'no time' });
    return z.NEVER;
  }),
  z
    .number()
    .min(0)
    .max(LATEST_SECONDS)
    .transform((seconds) => seconds * 1000),
]);

const event = z.object({
  id: z.number().int().positive(),
  previousEventId: z.number().int().optional(),
  timestamp,
  type: z.string(),
  executionStartedEventDetails: z.object({ input: text }).optional(),
  executionSucceededEventDetails: answer,
  executionFailedEventDetails: failure,
  executionAbortedEventDetails: failure,
  executionTimedOutEventDetails: failure,
  stateEnteredEventDetails: z.object({ name: z.string() }).optional(),
  stateExitedEventDetails: z.object({ name: z.string() }).optional(),
  lambdaFunctionScheduledEventDetails: z.object({ resource: text, input: text }).optional(),
  lambdaFunctionSucceededEventDetails: answer,
  lambdaFunctionFailedEventDetails: failure,
  lambdaFunctionTimedOutEventDetails: failure,
  lambdaFunctionScheduleFailedEventDetails: failure,
  lambdaFunctionStartFailedEventDetails: failure,
  taskSubmittedEventDetails: integration,
  taskSucceededEventDetails: integration,
  taskFailedEventDetails: integration,
  taskTimedOutEventDetails: integration,
});

/** One event; `timestamp` in milliseconds since the epoch, inputs and outputs as JSON text. */
export type ReadEvent = z.infer<typeof event>;

/** The events of one printed page, and whether AWS has more of them. */
export interface HistoryPage {
  /** The file that it came from, for refusals. */
  readonly path: string;
  readonly events: readonly ReadEvent[];
  readonly goesOn: boolean;
}

/** Reads a printed page; throws HistoryFileError saying what the document is instead. */
export function readPage(path: string, document: unknown): HistoryPage {
  const page = Array.isArray(document) ? { events: document } : document;
  const parsed = z.object({ events: z.array(z.unknown()), nextToken: text, NextToken: text }).safeParse(page);
  if (!parsed.success) throw new HistoryFileError(`${path} ${whatElse(document)}`);
  const { events, nextToken, NextToken } = parsed.data;
  const read = z.array(event).safeParse(events);
  if (!read.success) {
    const [issue] = read.error.issues;
    const index = Number(issue?.path[0] ?? 0);
    throw new HistoryFileError(`${path} ${whatElse(events[index], `event ${index + 1} is not understood`)}`);
  }
  return { path, events: read.data, goesOn: (nextToken ?? NextToken ?? '') !== '' };
}

/** What a document is that is no history. */
function whatElse(document: unknown, otherwise = 'is JSON of another shape, {"events": […]} is expected'): string {
  const words = document !== null && typeof document === 'object' ? Object.keys(document) : [];
  const express = words.includes('event_timestamp') || JSON.stringify(document ?? null).includes(':express:');
  if (express) return `is of an Express workflow, which has no history; Sealift's machines are Standard: ${FETCH}`;
  if (words.includes('executions')) return `is the output of list-executions, not of one execution: ${FETCH}`;
  if (words.includes('executionArn')) return `is the output of describe-execution, not the events: ${FETCH}`;
  if (words.includes('schemaVersion'))
    return `is a report of npm start, not a history: give history-migrate.json beside it`;
  return `${otherwise}: ${FETCH}`;
}
