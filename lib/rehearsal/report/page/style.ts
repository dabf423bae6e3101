/** The look of the report page: one column, light and dark as the reader's system is, readable at any width. */
import { createHash } from 'node:crypto';
import { Markup } from './markup';

const SHEET = `
:root { color-scheme: light dark; --page: #fcfcfb; --card: #fff; --ink: #1a1a19; --soft: #5f5e5a; --line: #e2e0da;
  --good: #1a7f4b; --bad: #c0362c; --warn: #955400; --one: #2a6fdb; --two: #c2571a; --shade: #c0362c2e; --track: #f1f0ec;
  --p1: #2a6fdb; --p2: #8a5cd1; --p3: #1f8f86; --p4: #c2571a; --p5: #b83280; }
@media (prefers-color-scheme: dark) { :root { --page: #161615; --card: #1f1f1e; --ink: #ecebe7; --soft: #aaa8a1;
  --line: #383733; --good: #4cc38a; --bad: #ff7b72; --warn: #e3a008; --one: #6ea8fe; --two: #f0955b; --shade: #ff7b723b;
  --track: #2a2a28; --p1: #6ea8fe; --p2: #b794f4; --p3: #4fd1c5; --p4: #f0955b; --p5: #f687b3; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink); font: 15px/1.5 system-ui, -apple-system, 'Segoe UI', sans-serif;
  -webkit-text-size-adjust: 100%; }
main { max-width: 1220px; margin: 0 auto; padding: 32px 20px 64px; }
h1 { font-size: 26px; line-height: 1.25; margin: 0 0 4px; overflow-wrap: anywhere; }
h2 { font-size: 18px; margin: 38px 0 10px; } h3 { font-size: 15px; margin: 18px 0 6px; }
p { margin: 6px 0; max-width: 78ch; overflow-wrap: anywhere; } .soft { color: var(--soft); }
.verdict { border-left: 5px solid var(--good); padding: 4px 0 4px 18px; }
.verdict p { font-weight: 400; }
.verdict.warned { border-color: var(--warn); } .verdict.bad { border-color: var(--bad); } .verdict.running { border-color: var(--one); }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(140px, 1fr)); gap: 12px; margin: 22px 0 0; }
.tile { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 12px 14px; min-width: 0; }
.tile b { display: block; font-size: 19px; line-height: 1.3; font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
.tile span { color: var(--soft); font-size: 13px; }
.scroll { overflow-x: auto; background: var(--card); border: 1px solid var(--line); border-radius: 8px; margin: 8px 0; }
table { border-collapse: collapse; width: 100%; font-size: 14px; }
th { text-align: left; font-weight: 600; color: var(--soft); white-space: nowrap; }
th, td { padding: 7px 10px; border-top: 1px solid var(--line); vertical-align: top; } thead th { border-top: 0; }
td.part { white-space: nowrap; } td.table { overflow-wrap: anywhere; min-width: 22ch; } td.text { min-width: 16ch; overflow-wrap: anywhere; } td.name { overflow-wrap: anywhere; min-width: 12ch; }
th.number, td.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.pass, .good { color: var(--good); } .warn { color: var(--warn); } .block, .bad { color: var(--bad); font-weight: 600; }
.figure { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 12px 14px; margin: 8px 0; }
.key { font-size: 13px; color: var(--soft); margin: 0 0 10px; max-width: none; display: flex; flex-wrap: wrap; gap: 4px 16px; }
.key i { display: inline-block; width: 14px; height: 3px; vertical-align: middle; margin-right: 6px; background: var(--one); }
.key i.two { background: var(--two); } .key i.refused { background: var(--bad); width: 3px; height: 12px; }
.key i.shade { background: var(--shade); height: 12px; }
.plot { display: grid; grid-template-columns: max-content 1fr; grid-template-rows: 180px auto; column-gap: 10px; }
.scale { display: flex; flex-direction: column; justify-content: space-between; text-align: right; margin: -8px 0; }
.scale, .times { color: var(--soft); font-size: 12px; line-height: 16px; font-variant-numeric: tabular-nums; white-space: nowrap; }
.times { grid-column: 2; display: flex; justify-content: space-between; padding-top: 4px; }
svg { display: block; width: 100%; height: 100%; overflow: visible; }
.grid { stroke: var(--line); } .line1 { stroke: var(--one); } .line2 { stroke: var(--two); } .line1, .line2 { fill: none; stroke-width: 1.6; stroke-linejoin: round; }
.grid, .line1, .line2, .refusal { vector-effect: non-scaling-stroke; } .refusal { stroke: var(--bad); stroke-width: 2; }
.shade { fill: var(--shade); }
.rows { display: grid; grid-template-columns: 220px 1fr 15ch; gap: 7px 12px; align-items: center; font-size: 14px; }
.rows .span { text-align: right; font-variant-numeric: tabular-nums; color: var(--soft); font-size: 13px; white-space: nowrap; }
.rows .label { line-height: 1.25; overflow-wrap: anywhere; }
.track { height: 12px; background: var(--track); border-radius: 3px; overflow: hidden; }
.bar { fill: var(--one); } .bar.open { fill: var(--warn); }
.stack { height: 26px; border-radius: 5px; overflow: hidden; margin-bottom: 10px; background: var(--track); }
.part1 { fill: var(--p1); } .part2 { fill: var(--p2); } .part3 { fill: var(--p3); } .part4 { fill: var(--p4); } .part5 { fill: var(--p5); }
.swatch { display: inline-block; width: 11px; height: 11px; border-radius: 2px; margin-right: 8px; }
.swatch.part1 { background: var(--p1); } .swatch.part2 { background: var(--p2); } .swatch.part3 { background: var(--p3); }
.swatch.part4 { background: var(--p4); } .swatch.part5 { background: var(--p5); }
pre { white-space: pre-wrap; overflow-wrap: anywhere; font-size: 13px; margin: 6px 0; padding: 10px 12px; background: var(--card);
  border: 1px solid var(--line); border-radius: 8px; }
details { margin: 8px 0; } details summary { cursor: pointer; color: var(--soft); margin: 8px 0; }
ul { padding-left: 20px; margin: 6px 0; } li { margin: 4px 0; max-width: 78ch; overflow-wrap: anywhere; }
@media (max-width: 560px) { main { padding: 20px 12px 48px; } h1 { font-size: 22px; } .times :nth-child(even) { display: none; }
  .tiles { grid-template-columns: 1fr 1fr; } .rows { grid-template-columns: 34% 1fr 8ch; gap: 7px 8px; } .rows .span { white-space: normal; }
  th, td { padding: 6px 9px; } .figure { padding: 10px; } td.text { min-width: 24ch; }
  .cards thead { display: none; } .cards tr { display: block; border-top: 1px solid var(--line); padding: 8px 0; }
  .cards tr:first-child { border-top: 0; } .cards td, .cards td.number { display: block; border: 0; padding: 1px 12px; min-width: 0; text-align: left; white-space: normal; }
  .cards td:nth-child(2) { font-weight: 600; } .cards td:nth-child(n + 4) { color: var(--soft); } .cards td:empty { display: none; } }
@media print { .figure, .scroll, .tile { break-inside: avoid; } }
`;

/** The style sheet. */
export const STYLE = new Markup(SHEET);

/** What the page may load: nothing; the style sheet is known by its digest, so that injected styles are refused too. */
export const CONTENT_SECURITY_POLICY =
  `default-src 'none'; base-uri 'none'; form-action 'none'; ` +
  `style-src 'sha256-${createHash('sha256').update(SHEET).digest('base64')}'`;
