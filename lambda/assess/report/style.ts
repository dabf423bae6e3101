/** The look of the assessment: one column, light and dark as the reader's system is, readable on a phone and on paper. */
import { Markup } from './markup';

/** The style sheet. */
export const STYLE = new Markup(`
:root { color-scheme: light dark; --page: #fcfcfb; --card: #fff; --ink: #1a1a19; --soft: #5f5e5a; --line: #e2e0da;
  --pass: #1a7f4b; --block: #c0362c; --warn: #8f5200; --bar: #2a6fdb; }
@media (prefers-color-scheme: dark) { :root { --page: #161615; --card: #1f1f1e; --ink: #ecebe7; --soft: #a3a19a;
  --line: #383733; --pass: #4cc38a; --block: #ff7b72; --warn: #e3a008; --bar: #6ea8fe; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink); font: 15px/1.5 system-ui, -apple-system, 'Segoe UI', sans-serif; }
main { max-width: 1000px; margin: 0 auto; padding: 28px 18px 56px; }
h1 { font-size: 26px; line-height: 1.25; margin: 0 0 4px; } h2 { font-size: 17px; margin: 34px 0 10px; }
p { margin: 6px 0; } .soft { color: var(--soft); }
.verdict { border-left: 5px solid var(--pass); padding: 4px 0 4px 16px; }
.verdict.warn { border-color: var(--warn); } .verdict.block { border-color: var(--block); }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(140px, 1fr)); gap: 10px; margin: 20px 0 0; }
.tile, .finding, .scroll { background: var(--card); border: 1px solid var(--line); border-radius: 8px; }
.tile { padding: 10px 14px; } .tile b { display: block; font-size: 21px; } .tile span { color: var(--soft); font-size: 13px; }
.finding { border-left-width: 5px; padding: 10px 14px; margin: 10px 0; overflow-wrap: anywhere; }
.finding.block { border-left-color: var(--block); } .finding.warn { border-left-color: var(--warn); }
.finding h3 { font-size: 15px; margin: 0; } .finding h3 code { font-weight: 600; }
.tag { font-size: 12px; font-weight: 700; text-transform: uppercase; letter-spacing: .04em; margin-right: 8px; }
.tag.block { color: var(--block); } .tag.warn { color: var(--warn); } .tag.pass { color: var(--pass); }
.remedy { margin: 8px 0 0; padding: 8px 10px; border-radius: 6px; background: var(--page); border: 1px solid var(--line);
  font: 13px/1.5 ui-monospace, 'SF Mono', Menlo, Consolas, monospace; white-space: pre-wrap; overflow-wrap: anywhere; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: 14px; }
th { text-align: left; font-weight: 600; color: var(--soft); }
th, td { padding: 7px 12px; border-top: 1px solid var(--line); vertical-align: top; overflow-wrap: break-word; }
tr:first-child > th { border-top: 0; } .number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.bar { display: block; height: 6px; border-radius: 3px; background: var(--bar); min-width: 2px; margin-top: 7px; }
details summary { cursor: pointer; color: var(--soft); margin: 8px 0; }
code { font: 13px ui-monospace, 'SF Mono', Menlo, Consolas, monospace; }
@media (max-width: 560px) { h1 { font-size: 22px; } th, td { padding: 6px 8px; } table { font-size: 13px; } .basis { min-width: 220px; } }
`);
