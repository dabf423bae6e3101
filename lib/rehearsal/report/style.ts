/** The look of `report.html`: one column, light and dark as the reader's system is. */
import { Markup } from './markup';

/** The style sheet. */
export const STYLE = new Markup(`
:root { color-scheme: light dark; --page: #fcfcfb; --card: #fff; --ink: #1a1a19; --soft: #5f5e5a; --line: #e2e0da;
  --good: #1a7f4b; --bad: #c0362c; --warn: #a15c00; --one: #2a6fdb; --two: #c2571a; --shade: #c0362c22; --bar: #2a6fdb; }
@media (prefers-color-scheme: dark) { :root { --page: #161615; --card: #1f1f1e; --ink: #ecebe7; --soft: #a3a19a;
  --line: #383733; --good: #4cc38a; --bad: #ff7b72; --warn: #e3a008; --one: #6ea8fe; --two: #f0955b; --shade: #ff7b7226;
  --bar: #6ea8fe; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink); font: 15px/1.5 system-ui, -apple-system, 'Segoe UI', sans-serif; }
main { max-width: 1040px; margin: 0 auto; padding: 32px 20px 64px; }
h1 { font-size: 26px; line-height: 1.25; margin: 0 0 4px; } h2 { font-size: 17px; margin: 36px 0 10px; }
p { margin: 6px 0; } .soft { color: var(--soft); }
.verdict { border-left: 5px solid var(--good); padding: 4px 0 4px 18px; }
.verdict.aborted { border-color: var(--warn); } .verdict.failed { border-color: var(--bad); }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); gap: 12px; margin: 22px 0 0; padding: 0; }
.tile { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 12px 14px; }
.tile b { display: block; font-size: 22px; font-variant-numeric: tabular-nums; } .tile span { color: var(--soft); font-size: 13px; }
.scroll { overflow-x: auto; background: var(--card); border: 1px solid var(--line); border-radius: 8px; }
table { border-collapse: collapse; width: 100%; font-size: 14px; }
th { text-align: left; font-weight: 600; color: var(--soft); } th, td { padding: 7px 12px; border-top: 1px solid var(--line); vertical-align: top; }
tr:first-child > th { border-top: 0; } .number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.pass, .good { color: var(--good); } .warn { color: var(--warn); } .block, .bad { color: var(--bad); font-weight: 600; }
svg { display: block; width: 100%; height: auto; } svg text { fill: var(--soft); font: 11px system-ui, sans-serif; }
.axis { stroke: var(--line); } .one { stroke: var(--one); fill: none; stroke-width: 1.6; } .two { stroke: var(--two); fill: none; stroke-width: 1.6; }
.refused { fill: var(--bad); } .shade { fill: var(--shade); } .bar { fill: var(--bar); } .name { fill: var(--ink) !important; }
.figure { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 12px; }
.key { font-size: 13px; color: var(--soft); margin: 0 0 6px; } .key i { display: inline-block; width: 14px; height: 3px; vertical-align: middle; margin: 0 6px 0 14px; }
.key i:first-child { margin-left: 0; } pre { white-space: pre-wrap; overflow-wrap: anywhere; font-size: 13px; margin: 6px 0; }
details summary { cursor: pointer; color: var(--soft); margin: 10px 0; }
`);
