/** Where an alarm or a message sends who reads it: a section of the runbook. */

/** The runbook, by its path in this repository. */
const RUNBOOK = 'docs/runbook.md';

/** A text in plain words with the section to open; `section` is the heading's anchor. */
export function withRunbook(text: string, section: string): string {
  return `${text} Open ${RUNBOOK}#${section}`;
}
