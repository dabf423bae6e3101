/** Files that hold one JSON document, or several behind each other: pages of a command's output that were put together. */
import { FETCH, HistoryFileError } from './history-file-error';

/** Parses every document of a file; throws HistoryFileError for anything else. */
export function jsonDocuments(path: string, content: string): unknown[] {
  const text = content.replace(/^\uFEFF/, '').trim();
  if (text === '') throw new HistoryFileError(`${path} is empty: ${FETCH}`);
  try {
    return [JSON.parse(text)];
  } catch (cause) {
    return concatenated(path, text, cause);
  }
}

function concatenated(path: string, text: string, cause: unknown): unknown[] {
  const documents: unknown[] = [];
  let rest = text;
  // Ends because every round takes a document, which has at least two characters, off the text.
  while (rest !== '') {
    const end = endOfDocument(rest);
    if (end === null) {
      const what = /^[[{]/.test(rest) ? 'is cut off in the middle' : 'is no JSON';
      throw new HistoryFileError(`${path} ${what}: ${FETCH}`, { cause });
    }
    try {
      documents.push(JSON.parse(rest.slice(0, end)));
    } catch (broken) {
      throw new HistoryFileError(`${path} is no JSON: ${FETCH}`, { cause: broken });
    }
    rest = rest.slice(end).trim();
  }
  return documents;
}

/** Where the object or list at the beginning of a text ends; null when it is none or does not end. */
function endOfDocument(text: string): number | null {
  if (!/^[[{]/.test(text)) return null;
  let depth = 0;
  for (const { 0: token, index } of text.matchAll(/"(?:[^"\\]|\\.)*"|[[\]{}]/gs)) {
    if (token === '{' || token === '[') depth += 1;
    else if (token === '}' || token === ']') depth -= 1;
    if (depth === 0) return index + 1;
  }
  return null;
}
