/** Puts printed pages together to whole histories: one page or many, in one file or several, in any order. */
import type { HistoryPage, ReadEvent } from './history-events';
import { FETCH, HistoryFileError } from './history-file-error';

/** The events of one execution in their order. */
export interface JoinedHistory {
  /** The files that it came from, for refusals. */
  readonly paths: readonly string[];
  readonly events: readonly ReadEvent[];
}

/** Joins pages; throws HistoryFileError when one is empty or missing. A history given twice counts once. */
export function joinPages(pages: readonly HistoryPage[]): JoinedHistory[] {
  for (const { path, events, goesOn } of pages) {
    if (events.length === 0 && !goesOn) throw new HistoryFileError(`${path} holds no event: ${FETCH}`);
  }
  const sorted = pages.filter(({ events }) => events.length > 0).map(inOrder);
  const starts = distinct(sorted.filter(({ events }) => events[0]?.id === 1));
  const rest = distinct(sorted.filter(({ events }) => events[0]?.id !== 1));
  const joined = starts.map((start) => grow(start, rest));
  const [orphan] = rest;
  if (orphan) {
    const [first] = orphan.events;
    throw new HistoryFileError(
      `${orphan.path} begins with event ${first?.id}, and no other file holds the events before it: ${FETCH}`,
    );
  }
  if (joined.length === 0) throw new HistoryFileError(`the files hold no event: ${FETCH}`);
  return joined;
}

/** Oldest first, whatever `--reverse-order` made of it. */
function inOrder(page: HistoryPage): HistoryPage {
  const events = [...page.events].sort((a, b) => a.id - b.id);
  const gap = events.findIndex(({ id }, index) => index > 0 && id !== (events[index - 1]?.id ?? 0) + 1);
  if (gap > 0) {
    throw new HistoryFileError(`${page.path} lacks the events after number ${events[gap - 1]?.id}: ${FETCH}`);
  }
  return { ...page, events };
}

function distinct(pages: readonly HistoryPage[]): HistoryPage[] {
  const seen = new Map(pages.map((page) => [JSON.stringify(page.events.slice(0, 3)), page]));
  return [...seen.values()];
}

/** Takes out of `rest` the pages that continue a history: the next number, and not before the last event. */
function grow(start: HistoryPage, rest: HistoryPage[]): JoinedHistory {
  const events = [...start.events];
  const paths = [start.path];
  let { goesOn } = start;
  // Ends because every round takes a page out of `rest`.
  for (;;) {
    const last = events.at(-1);
    const next = rest.findIndex(({ events: [first] }) => first !== undefined && follows(first, last));
    if (next < 0) break;
    for (const page of rest.splice(next, 1)) {
      events.push(...page.events);
      paths.push(page.path);
      ({ goesOn } = page);
    }
  }
  if (goesOn) {
    throw new HistoryFileError(
      `${paths.at(-1)} ends with a nextToken, so events are missing: without --max-items and --no-paginate the AWS CLI fetches all`,
    );
  }
  return { paths, events };
}

function follows(first: ReadEvent, last: ReadEvent | undefined): boolean {
  return last !== undefined && first.id === last.id + 1 && first.timestamp >= last.timestamp;
}
