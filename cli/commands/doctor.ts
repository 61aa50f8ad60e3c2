import { errorMessage } from "../../toolkit/errors.ts";
import { defineCommand, JSON_OPTION } from "../command.ts";
import type { Command } from "../command.ts";

/** One thing that was looked at. */
interface Finding {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
  /** The way out, where it failed. */
  readonly hint?: string;
}

export const doctor: Command = defineCommand({
  name: "doctor",
  summary: "Check that everything works on this machine",
  examples: ["doctor"],
  positionals: {},
  options: { json: JSON_OPTION },
  async run({ out }) {
    const { checks } = await import("../doctor-checks.ts");
    const findings: Finding[] = [];
    for (const { name, look, hint } of checks) {
      const finding = await look().then(
        (detail) => ({ name, ok: true, detail }),
        (error: unknown) => ({ name, ok: false, detail: errorMessage(error), hint }),
      );
      findings.push(finding);
      out.data(`${finding.ok ? "ok     " : "FAILED "} ${name}: ${finding.detail}`);
      if (!finding.ok) out.data(`        ${hint}`);
    }
    const ok = findings.every((f) => f.ok);
    if (out.wantsJson) out.json({ ok, checks: findings });
    out.say(ok ? "everything works" : "something does not work: see FAILED above");
    return ok ? 0 : 1;
  },
});
