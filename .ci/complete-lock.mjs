// Adds the lock entries of optional platform packages that npm left out: `node .ci/complete-lock.mjs package-lock.json`.
//
// Tools with native code (sharp, the compiler, the linter) list one package per platform as optional. Where a registry does not serve some of
// them, npm writes a lock without those, and `npm ci` on any other machine then calls that lock incomplete. These entries have no integrity, since
// nothing was downloaded; npm checks such a package against the registry's own. Run this after every change of the lock; test/package.test.ts
// fails where an entry is missing.
import { readFileSync, writeFileSync } from "node:fs";

const PLATFORM =
  /(?<os>android|darwin|freebsd|linux|openharmony|win32|sunos|netbsd|openbsd|aix)-(?<cpu>arm64|arm|x64|ia32|ppc64|riscv64|s390x|loong64|mips64el)(?:-(?<abi>\w+))?$/;

const file = process.argv[2];
if (!file) {
  console.error("usage: node .ci/complete-lock.mjs package-lock.json");
  process.exit(2);
}
const lock = JSON.parse(readFileSync(file, "utf8"));
let added = 0;
for (const [path, owner] of Object.entries({ ...lock.packages })) {
  for (const [name, version] of Object.entries(owner.optionalDependencies ?? {})) {
    if (path === "" || lock.packages[`node_modules/${name}`] || lock.packages[`${path}/node_modules/${name}`]) continue;
    const { os, cpu, abi } = PLATFORM.exec(name)?.groups ?? {};
    if (!os || /[\^~ ]/.test(version)) {
      console.log(`skipped ${name}@${version} of ${path}: not one exact package per platform`);
      continue;
    }
    const libc = abi?.startsWith("musl") ? ["musl"] : abi?.startsWith("gnu") ? ["glibc"] : undefined;
    lock.packages[`node_modules/${name}`] = {
      version,
      cpu: [cpu],
      ...(owner.dev ? { dev: true } : {}),
      ...(libc ? { libc } : {}),
      optional: true,
      os: [os],
    };
    added += 1;
  }
}
const [root, ...rest] = Object.entries(lock.packages);
lock.packages = Object.fromEntries([root, ...rest.toSorted(([a], [b]) => a.localeCompare(b, "en"))]);
writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
console.log(`added ${added}`);
