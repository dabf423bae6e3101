/** The plots of `report.html`, as SVG without script. */
import { escapeHtml, html, Markup } from './markup';
import type { PhaseReport } from './report';
import { bytes, seconds } from './words';

/** One measured point; `x` in milliseconds since the epoch. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** A plot over time. */
export interface TimePlot {
  readonly title: string;
  readonly from: number;
  readonly to: number;
  readonly line: readonly Point[];
  readonly kind: 'one' | 'two';
  readonly label: (value: number) => string;
  /** Moments that are marked at the bottom. */
  readonly marks?: readonly number[];
  /** The outage. */
  readonly shade: { readonly from: number; readonly to: number } | null;
}

const WIDTH = 1000;
const HEIGHT = 190;
const LEFT = 64;
const BOTTOM = 24;
const TOP = 12;

/** Draws a line over time. */
export function timePlot(plot: TimePlot): Markup {
  const { from, to, shade } = plot;
  const inside = plot.line.filter((point) => point.x >= from && point.x <= to);
  const top = inside.reduce((most, point) => Math.max(most, point.y), 1);
  const x = (at: number) => LEFT + ((at - from) / Math.max(1, to - from)) * (WIDTH - LEFT - 10);
  const y = (value: number) => HEIGHT - BOTTOM - (value / top) * (HEIGHT - BOTTOM - TOP);
  const path = inside.map(
    (point, index) => `${index === 0 ? 'M' : 'L'}${x(point.x).toFixed(1)} ${y(point.y).toFixed(1)}`,
  );
  const shapes = [
    shade &&
      `<rect class="shade" x="${x(shade.from)}" y="${TOP}" width="${Math.max(2, x(shade.to) - x(shade.from))}" height="${HEIGHT - BOTTOM - TOP}"/>`,
    ...[0, 0.5, 1].map((share) => gridLine(y(top * share), plot.label(top * share))),
    ...ticksOf(from, to).map(
      (at) => `<text x="${x(at)}" y="${HEIGHT - 6}" text-anchor="middle">${seconds(at - from)}</text>`,
    ),
    `<path class="${plot.kind}" d="${path.join('')}"/>`,
    ...(plot.marks ?? [])
      .filter((at) => at >= from && at <= to)
      .map((at) => `<circle class="refused" cx="${x(at)}" cy="${HEIGHT - BOTTOM - 3}" r="3"/>`),
  ];
  return new Markup(
    `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escapeHtml(plot.title)}">${shapes.filter(Boolean).join('')}</svg>`,
  );
}

function gridLine(y: number, label: string): string {
  return (
    `<line class="axis" x1="${LEFT}" x2="${WIDTH - 10}" y1="${y}" y2="${y}"/>` +
    `<text x="${LEFT - 8}" y="${y + 4}" text-anchor="end">${escapeHtml(label)}</text>`
  );
}

/** About eight round moments. */
function ticksOf(from: number, to: number): number[] {
  const steps = [200, 500, 1000, 2000, 5000, 10_000, 30_000, 60_000, 300_000, 1_800_000, 7_200_000];
  const step = steps.find((each) => (to - from) / each <= 9) ?? 36_000_000;
  const ticks: number[] = [];
  for (let at = from; at <= to; at += step) ticks.push(at);
  return ticks;
}

const ROW = 22;
const NAMES = 190;

/** Draws what took how long, one bar a row. */
export function timelinePlot(rows: readonly PhaseReport[], from: number, to: number): Markup {
  const scale = (WIDTH - NAMES - 80) / Math.max(1, to - from);
  const bars = rows.map(({ name, startedAt, ms }, index) => {
    const start = NAMES + (Date.parse(startedAt) - from) * scale;
    const width = Math.max(2, ms * scale);
    const top = index * ROW + 4;
    return html`<text class="name" x="0" y="${top + 13}">${name}</text><rect class="bar" rx="2" x="${start.toFixed(1)}" y="${top + 3}" width="${width.toFixed(1)}" height="13"/><text x="${(start + width + 6).toFixed(1)}" y="${top + 13}">${seconds(ms)}</text>`;
  });
  return html`<svg viewBox="0 0 ${WIDTH} ${rows.length * ROW + 8}" role="img" aria-label="what took how long">${bars}</svg>`;
}

/** Labels for plots. */
export const LABELS = { milliseconds: (value: number) => `${Math.round(value)} ms`, bytes };
