/** A piece of HTML that needs no more escaping. */
export interface Markup {
  readonly markup: string;
}

type Part = string | number | Markup | null | undefined | false | readonly Part[];

/** HTML from a template: every string put into it is escaped, only Markup passes as it is. */
export function html(texts: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  return { markup: texts.map((text, i) => text + (i < parts.length ? render(parts[i]) : "")).join("") };
}

/** Markup from text that is known to be safe, such as an SVG made here. */
export function trusted(markup: string): Markup {
  return { markup };
}

/** Text with everything escaped that could end an element or an attribute; characters that are invisible or turn the reading direction become a replacement sign. */
export function escapeHtml(text: string): string {
  return visible(text).replace(/[&<>"'`]/g, (c) => `&#${c.charCodeAt(0)};`);
}

/** Control characters, lone surrogates and bidirectional overrides made visible: they could hide what a file is called. */
export function visible(text: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters are what it looks for
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]/gu, "\ufffd");
}

/** A whole document that loads nothing: scripts and addresses are forbidden by its own policy. */
export function page(title: string, css: string, body: Markup): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<title>${escapeHtml(title)}</title>
<style>${BASE}${css}</style>
</head>
<body>
${body.markup}
</body>
</html>
`;
}

function render(part: Part): string {
  if (part === null || part === undefined || part === false) return "";
  if (typeof part === "string") return escapeHtml(part);
  if (typeof part === "number") return String(part);
  return "markup" in part ? part.markup : part.map(render).join("");
}

const BASE = `
:root { color-scheme: light dark; --paper: #f4f5f7; --card: #fff; --ink: #17202b; --muted: #566273; --line: #dde2e9;
  --train: #c2710c; --validation: #1463c4; --right: #1d8f5f; --wrong: #cf3b3b; --focus: #1463c4; }
@media (prefers-color-scheme: dark) { :root { --paper: #0e1318; --card: #171d25; --ink: #e8edf3; --muted: #9eabba; --line: #2b3541;
  --train: #f0a54a; --validation: #6cb0ff; --right: #3fbf87; --wrong: #f07474; --focus: #6cb0ff; } }
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif; }
main, header, footer { max-width: 1080px; margin: 0 auto; padding: 0 20px; }
header { padding-top: 40px; }
footer { padding-top: 8px; padding-bottom: 40px; color: var(--muted); font-size: 14px; }
h1 { margin: 0; font-size: clamp(26px, 4.5vw, 38px); line-height: 1.15; letter-spacing: -.02em; overflow-wrap: anywhere; text-wrap: balance; }
h2 { margin: 0 0 4px; font-size: 20px; letter-spacing: -.01em; overflow-wrap: anywhere; }
h3 { margin: 0; font-size: 15px; }
p { margin: 0; }
section { margin: 16px 0; padding: 22px; background: var(--card); border: 1px solid var(--line); border-radius: 14px; }
.lead { margin-top: 10px; font-size: 18px; max-width: 68ch; color: var(--muted); overflow-wrap: anywhere; }
.lead strong { color: var(--ink); }
.note { color: var(--muted); font-size: 14px; max-width: 76ch; overflow-wrap: anywhere; }
.charts { display: grid; gap: 26px 32px; grid-template-columns: repeat(auto-fit, minmax(min(100%, 330px), 1fr)); margin-top: 16px; }
figure { margin: 0; min-width: 0; }
figure svg { display: block; width: 100%; height: auto; --plot-background: var(--card); }
figcaption { display: flex; flex-wrap: wrap; gap: 4px 16px; align-items: baseline; margin-bottom: 4px; }
.key { display: inline-flex; gap: 6px; align-items: center; color: var(--muted); font-size: 14px; }
.key::before { content: ""; width: 18px; border-top: 3px solid var(--tone); }
.key.train { --tone: var(--train); } .key.train::before { border-top-style: dashed; }
.key.validation, .key.plain { --tone: var(--validation); }
:focus-visible { outline: 3px solid var(--focus); outline-offset: 2px; border-radius: 6px; }
@media (max-width: 560px) { main, header, footer { padding-left: 12px; padding-right: 12px; } header { padding-top: 24px; } section { padding: 16px 14px; } }
@media print { body { background: #fff; } section { break-inside: avoid; } }
`;
