/**
 * The charts of the report page: lines and bars as SVG that is stretched to its place, words as HTML beside it, so that text
 * keeps its size on a narrow screen. No script, no style attribute.
 */
import { seconds } from '../words';
import { html, Markup } from './markup';
import type { Point, TimelineRow } from './page';

/** A line over time. */
export interface LinePlot {
  readonly title: string;
  readonly from: number;
  readonly to: number;
  readonly points: readonly Point[];
  readonly colour: 'line1' | 'line2';
  /** Words of a value, for the scale at the left. */
  readonly label: (value: number) => string;
  /** Moments that are marked at the bottom. */
  readonly marks?: readonly number[];
  /** The outage. */
  readonly shade: { readonly from: number; readonly to: number } | null;
}

/** The units of the drawing; it is stretched to whatever place it gets. */
const WIDTH = 1000;
const HEIGHT = 100;

/** Labels below a plot, at equal distances. */
const TIMES = 5;

/** Most points of a line: more would only make the page larger. */
const MOST_POINTS = 1_500;

/** Draws a line over time. */
export function linePlot(plot: LinePlot): Markup {
  const { from, to, shade, colour } = plot;
  const inside = thinned(plot.points.filter(({ x }) => x >= from && x <= to));
  const top = niceTop(inside.reduce((most, { y }) => Math.max(most, y), 0));
  const x = (at: number) => round(((at - from) / Math.max(1, to - from)) * WIDTH);
  const y = (value: number) => round(HEIGHT - (value / top) * HEIGHT);
  const path = inside.map((point, index) => `${index === 0 ? 'M' : 'L'}${x(point.x)} ${y(point.y)}`).join('');
  const shapes = [
    shade &&
      `<rect class="shade" x="${x(shade.from)}" y="0" width="${Math.max(2, x(shade.to) - x(shade.from))}" height="${HEIGHT}"/>`,
    ...[0, 0.5, 1].map((part) => `<path class="grid" d="M0 ${y(top * part)}H${WIDTH}"/>`),
    `<path class="${colour}" d="${path}"/>`,
    ...(plot.marks ?? [])
      .filter((at) => at >= from && at <= to)
      .map((at) => `<path class="refusal" d="M${x(at)} ${HEIGHT}V${HEIGHT - 8}"/>`),
  ];
  const times = Array.from({ length: TIMES }, (_, index) => ((to - from) * index) / (TIMES - 1));
  return html`<div class="plot"><div class="scale">${[1, 0.5, 0].map((part) => html`<span>${plot.label(top * part)}</span>`)}</div>
<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none" role="img" aria-label="${plot.title}">${new Markup(shapes.filter(Boolean).join(''))}</svg>
<div class="times">${times.map((ms) => html`<span>${ms === 0 ? '0' : seconds(ms)}</span>`)}</div></div>`;
}

/** Keeps the highest of neighbours, so that no peak is lost. */
function thinned(points: readonly Point[]): readonly Point[] {
  const size = Math.ceil(points.length / MOST_POINTS);
  if (size <= 1) return points;
  const kept: Point[] = [];
  for (let at = 0; at < points.length; at += size) {
    const group = points.slice(at, at + size);
    kept.push(group.reduce((most, point) => (point.y > most.y ? point : most)));
  }
  return kept;
}

/** The next 1, 2 or 5 times a power of ten. */
function niceTop(most: number): number {
  if (most <= 10) return 10;
  const power = 10 ** Math.floor(Math.log10(most));
  return ([1, 2, 5, 10].find((factor) => factor * power >= most) ?? 10) * power;
}

/** Draws what took how long, one row each. */
export function timeline(rows: readonly TimelineRow[], from: number, to: number): Markup {
  const scale = WIDTH / Math.max(1, to - from);
  const drawn = rows.map(({ name, spans, open }) => {
    const bars = spans.map((span) => {
      const width = Math.max(3, (span.to - span.from) * scale);
      const x = Math.min(WIDTH - width, (span.from - from) * scale);
      return `<rect class="bar${open ? ' open' : ''}" x="${round(x)}" y="0" width="${round(width)}" height="10"/>`;
    });
    const ms = spans.reduce((sum, span) => sum + span.to - span.from, 0);
    const times = spans.length > 1 ? ` (${spans.length}×)` : '';
    return html`<span class="label">${name}</span><div class="track"><svg viewBox="0 0 ${WIDTH} 10" preserveAspectRatio="none" aria-hidden="true">${new Markup(bars.join(''))}</svg></div><span class="span">${seconds(ms)}${times}${open ? ', open' : ''}</span>`;
  });
  return html`<div class="rows">${drawn}</div>`;
}

/** Draws parts of a whole beside each other. */
export function stackedBar(parts: readonly { readonly name: string; readonly ms: number }[]): Markup {
  const whole = Math.max(
    1,
    parts.reduce((sum, { ms }) => sum + ms, 0),
  );
  let x = 0;
  const bars = parts.map(({ ms }, index) => {
    const width = (ms / whole) * WIDTH;
    const bar = `<rect class="part${index + 1}" x="${round(x)}" y="0" width="${round(width)}" height="10"/>`;
    x += width;
    return bar;
  });
  return html`<div class="stack"><svg viewBox="0 0 ${WIDTH} 10" preserveAspectRatio="none" role="img" aria-label="parts of the outage">${new Markup(bars.join(''))}</svg></div>`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
