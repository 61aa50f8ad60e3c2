// Adds lock entries for optional platform packages that the registry at hand did not serve, so that `npm ci` finds its lock complete.
import { readFileSync, writeFileSync } from "node:fs";
const file = process.argv[2];
const lock = JSON.parse(readFileSync(file, "utf8"));
let added = 0;
for (const [path, p] of Object.entries({ ...lock.packages })) {
  for (const [name, version] of Object.entries(p.optionalDependencies ?? {})) {
    if (path === "" || lock.packages[`node_modules/${name}`] || lock.packages[`${path}/node_modules/${name}`]) continue;
    const [, os, cpu, abi] = /(android|darwin|freebsd|linux|openharmony|win32|sunos|netbsd|openbsd|aix)-(arm64|arm|x64|ia32|ppc64|riscv64|s390x|loong64|mips64el)(?:-(\w+))?$/.exec(name) ?? [];
    if (!os || /[\^~ ]/.test(version)) { console.log("skipped", path, name, version); continue; }
    const libc = abi?.startsWith("musl") ? ["musl"] : abi?.startsWith("gnu") ? ["glibc"] : undefined;
    lock.packages[`node_modules/${name}`] = { version, cpu: [cpu], ...(p.dev ? { dev: true } : {}), ...(libc ? { libc } : {}), optional: true, os: [os] };
    added++;
  }
}
const [root, ...rest] = Object.entries(lock.packages);
lock.packages = Object.fromEntries([root, ...rest.sort(([a], [b]) => a.localeCompare(b, "en"))]);
writeFileSync(file, JSON.stringify(lock, null, 2) + "\n");
console.log("added", added);
