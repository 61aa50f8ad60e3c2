import assert from "node:assert/strict";
import { escapeHtml, html, page, trusted, visible } from "../../toolkit/report/page.ts";

describe("report/page", () => {
  it("html() escapes every string put into it and passes markup", () => {
    const name = `<b>"it's" & \`co\``;
    assert.equal(
      html`<i title="${name}">${[name, trusted("<u>x</u>"), 3, null, false]}</i>`.markup,
      `<i title="${escapeHtml(name)}">${escapeHtml(name)}<u>x</u>3</i>`,
    );
    assert.doesNotMatch(escapeHtml(name), /[<>"'`]|&(?!#\d+;)/);
  });

  it("visible() replaces what would hide a name: control characters, bidirectional overrides, lone surrogates", () => {
    assert.equal(visible("a\u0000b\u001b[31m\u202egpj.exe\ud800"), "a\ufffdb\ufffd[31m\ufffdgpj.exe\ufffd");
    assert.equal(visible("Größe 猫 👍"), "Größe 猫 👍");
  });

  it("page() has a language, an escaped title and a policy that forbids scripts and addresses", () => {
    const text = page("</title><script>", "p{}", html`<p>x</p>`);
    assert.match(text, /^<!doctype html>\n<html lang="en">/);
    assert.match(text, /default-src 'none'; style-src 'unsafe-inline'; img-src data:/);
    assert.doesNotMatch(text, /<script/);
  });
});
