/** The outage and its parts. */
import type { CanaryFacts, OutagePrediction } from '../../../../lambda/contract/cutover';
import type { OutageFigure } from './page';

const PARTS = {
  fence: 'closing logins and ending sessions, until it is quiet',
  barrier: 'until the marker of every database is on the target',
  sequences: 'setting every sequence',
  gate: 'comparing what changed, looking for late commits',
  switch: 'the flip, and the switch until it is in sync',
} as const;

/** Milliseconds of each part; null when it was not measured. */
export type PartsMs = Readonly<Record<keyof typeof PARTS, number | null>>;

/** Null when there was no cutover; prediction and canary are null when there was none. */
export function outageFigure(
  parts: PartsMs,
  measuredMs: number | null,
  seenMs: number | null,
  prediction: OutagePrediction | null,
  canary: CanaryFacts | null,
): OutageFigure | null {
  if (measuredMs === null && seenMs === null) return null;
  const names = Object.keys(PARTS) as (keyof typeof PARTS)[];
  return {
    seenMs,
    measuredMs,
    canary,
    predicted: prediction && { ms: prediction.totalMs, basis: prediction.basis },
    parts: names.flatMap((name) => {
      const ms = parts[name];
      const predictedMs = name === 'switch' ? null : (prediction?.[name] ?? null);
      return ms === null ? [] : [{ name, ms, predictedMs, what: PARTS[name] }];
    }),
  };
}
