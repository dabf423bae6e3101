/** What both forms of the report for people are made from. */
import type { Check, DatabaseFacts, Prediction, Sizing } from '../../contract/assessment';
import type { ServerFacts } from '../../contract/instance';
import type { SizedTable } from '../survey-content';

/** An assessment as people read it. */
export interface Assessment {
  readonly migrationId: string;
  /** When AWS was asked; ISO. */
  readonly at: string;
  readonly source: ServerFacts;
  /** Of the server, as it says itself. */
  readonly version: string;
  readonly verdict: Check['verdict'];
  readonly checks: readonly Check[];
  readonly sizing: Sizing;
  readonly prediction: Prediction;
  readonly databases: readonly DatabaseFacts[];
  /** The largest tables of all databases, largest first. */
  readonly largest: readonly (SizedTable & { readonly database: string; readonly rows: number })[];
}

/** The source in half a line: what RDS says of an instance, what a server says of itself. */
export function sourceInWords({ source, version }: Pick<Assessment, 'source' | 'version'>): string {
  if (source.kind === 'server') return `${source.instanceId}, PostgreSQL ${version}, not managed by AWS`;
  const { instanceId, engineVersion, instanceClass, allocatedStorageGib } = source;
  return `${instanceId}, PostgreSQL ${engineVersion} on ${instanceClass}, ${allocatedStorageGib} GiB`;
}

/** The verdict in a few words. */
export function headline({ verdict, checks }: Assessment): string {
  const { pass, warn, block } = count(checks);
  if (verdict === 'block') return `Not ready: ${checksOf(block)} ${block === 1 ? 'blocks' : 'block'}`;
  return verdict === 'warn'
    ? `Ready, with ${warn} ${warn === 1 ? 'warning' : 'warnings'}`
    : `Ready: all ${pass} checks pass`;
}

/** Number of checks of each verdict. */
export function count(checks: readonly Check[]): Record<Check['verdict'], number> {
  const of = (verdict: Check['verdict']) => checks.filter((check) => check.verdict === verdict).length;
  return { pass: of('pass'), warn: of('warn'), block: of('block') };
}

/** Seconds of all predicted phases. */
export function wholeSeconds({ phases }: Prediction): number {
  return phases.reduce((sum, { seconds }) => sum + seconds, 0);
}

function checksOf(number: number): string {
  return number === 1 ? '1 check' : `${number} checks`;
}
