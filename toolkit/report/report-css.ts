/** What the training report adds to the style of every page. */
export const REPORT_CSS = `
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(136px, 1fr)); gap: 1px; margin: 24px 0 0; overflow: hidden;
  background: var(--card); border: 1px solid var(--line); border-radius: 14px; }
.tiles div { padding: 14px 16px; box-shadow: 0 0 0 1px var(--line); }
.tiles dt { font-size: 14px; color: var(--muted); }
.tiles dd { margin: 0; font-size: 26px; line-height: 1.25; font-weight: 650; letter-spacing: -.02em; font-variant-numeric: tabular-nums; }
.tiles dd.note { font-size: 13px; line-height: 1.35; font-weight: 400; letter-spacing: 0; }
.tiles div:first-child dd:not(.note) { color: var(--validation); }
details { margin-top: 18px; } summary { cursor: pointer; color: var(--muted); font-size: 15px; width: fit-content; }
.scroll { margin-top: 10px; overflow-x: auto; max-width: 100%; }
.tall { max-height: 480px; overflow: auto; }
table { border-collapse: collapse; font-size: 15px; font-variant-numeric: tabular-nums; }
.wide { width: 100%; }
th, td { padding: 6px 10px; text-align: right; vertical-align: top; border-bottom: 1px solid var(--line); }
thead th { position: sticky; top: 0; background: var(--card); font-size: 13px; font-weight: 500; color: var(--muted); vertical-align: bottom; z-index: 1; }
tbody th { font-weight: 500; } .text { text-align: left; overflow-wrap: anywhere; }
tbody th.text { min-width: 8em; }
.bar { display: inline-block; width: 100%; min-width: 64px; padding-bottom: 5px; white-space: nowrap;
  background: linear-gradient(to right, var(--validation) var(--share), var(--line) 0) bottom / 100% 3px no-repeat; }
.split { display: grid; gap: 26px 36px; grid-template-columns: minmax(0, 3fr) minmax(0, 2fr); margin-top: 14px; }
.split > * { min-width: 0; }
@media (max-width: 760px) { .split { grid-template-columns: minmax(0, 1fr); } }
.matrix { border-collapse: separate; border-spacing: 2px; font-size: 14px; }
.matrix th, .matrix td { border: 0; padding: 0 4px; height: 32px; min-width: 32px; vertical-align: middle; text-align: center; border-radius: 5px; }
.matrix thead th { position: static; height: auto; vertical-align: bottom; padding: 4px 0; }
.matrix thead span { writing-mode: vertical-rl; transform: rotate(180deg); max-height: 130px; }
.matrix span { display: inline-block; max-width: 150px; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; vertical-align: middle; }
.matrix tbody th { position: sticky; left: 0; text-align: right; background: var(--card); font-size: 13px; padding-right: 8px; border-radius: 0; }
.matrix.roomy { font-size: 17px; } .matrix.roomy tbody td { height: 56px; min-width: 56px; } .matrix.roomy thead span { writing-mode: initial; transform: none; }
@media (max-width: 560px) { th, td { padding: 6px; } .wide { font-size: 14px; } tbody th.text { min-width: 6em; } .bar { min-width: 50px; } .matrix tbody span { max-width: 96px; } }
.matrix .right { background: color-mix(in srgb, var(--right) var(--shade), var(--paper)); }
.matrix .wrong { background: color-mix(in srgb, var(--wrong) var(--shade), var(--paper)); }
.heat { margin-top: 8px; max-width: 620px; border: 1px solid var(--line); border-radius: 6px; background: var(--paper); }
.heat .right { fill: var(--right); } .heat .wrong { fill: var(--wrong); } .heat .lines { stroke: var(--line); vector-effect: non-scaling-stroke; fill: none; }
.pairs { list-style: none; margin: 10px 0 0; padding: 0; }
.pairs li { display: flex; gap: 12px; justify-content: space-between; padding: 7px 0 9px; overflow-wrap: anywhere;
  background: linear-gradient(to right, var(--wrong) var(--share), var(--line) 0) bottom / 100% 3px no-repeat; }
.pairs b { font-variant-numeric: tabular-nums; }
.gap { margin-top: 26px; }
.gallery { list-style: none; margin: 10px 0 0; padding: 0; display: grid; gap: 16px; grid-template-columns: repeat(auto-fill, minmax(132px, 1fr)); }
.gallery li { min-width: 0; font-size: 14px; line-height: 1.4; overflow-wrap: anywhere; }
.gallery img, .blank { display: grid; place-items: center; width: 100%; aspect-ratio: 1; object-fit: cover; border-radius: 10px; background: var(--paper);
  margin-bottom: 6px; color: var(--muted); }
.gallery .small { image-rendering: pixelated; }
.gallery .wrong { color: var(--wrong); }
.file { font-size: 13px; white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
.columns { display: grid; gap: 20px 40px; grid-template-columns: repeat(auto-fit, minmax(min(100%, 280px), 1fr)); margin-top: 14px; }
.pairs-list { margin: 6px 0 0; }
.pairs-list div { display: flex; justify-content: space-between; gap: 16px; padding: 5px 0; border-bottom: 1px solid var(--line); font-size: 15px; }
.pairs-list dt { color: var(--muted); } .pairs-list dd { margin: 0; text-align: right; overflow-wrap: anywhere; min-width: 0; font-variant-numeric: tabular-nums; }
.check { margin-top: 10px; padding: 10px 14px; border-left: 4px solid var(--right); background: var(--paper); border-radius: 0 8px 8px 0; }
.check.bad { border-color: var(--wrong); }
.check.warn { border-color: var(--train); }
.checks { list-style: none; margin: 0; padding: 0; overflow-wrap: anywhere; }
.filters { display: grid; gap: 20px; margin-top: 14px; }
.filters img { display: block; max-width: 100%; height: auto; image-rendering: pixelated; border-radius: 6px; }
figure > .note { margin-top: 6px; }
`;
