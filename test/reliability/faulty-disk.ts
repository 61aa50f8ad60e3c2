import type { Disk, DiskFile } from "../../toolkit/train/disk.ts";

/** The moments of a save at which something can happen, in their order; `write` is in the midst of the bytes. */
const MOMENTS = [
  "create",
  "before-write",
  "write",
  "before-fsync",
  "after-fsync",
  "rename",
  "after-rename",
  "before-prune",
  "mid-prune",
] as const;

export type Moment = (typeof MOMENTS)[number];

/** Where something happens. */
export interface Fault {
  readonly moment: Moment;
  /** Of `write`: after how many bytes; counted anew beyond the end. */
  readonly byte: number;
  /** From which file on that is written, counted from 1; 0 for what is removed before the first. */
  readonly save: number;
}

/** A fault as text: `after-rename:3`, `write@4096:3`. */
export function faultText({ moment, byte, save }: Fault): string {
  return `${moment}${moment === "write" ? `@${byte}` : ""}:${save}`;
}

/** What `faultText` wrote. */
export function readFault(text: string): Fault {
  const [, name, byte = "0", save = "1"] = /^([a-z-]+)(?:@(\d+))?:(\d+)$/.exec(text) ?? [];
  const moment = MOMENTS.find((m) => m === name);
  if (!moment) throw new Error(`no such moment: "${text}"`);
  return { moment, byte: Number(byte), save: Number(save) };
}

/** A disk on which something happens once: `act` does not return. */
function faultyDisk(disk: Disk, fault: Fault, act: () => Promise<never>): Disk {
  let saves = 0;
  let isOver = false;
  const at = async (moment: Moment): Promise<void> => {
    if (isOver || moment !== fault.moment || saves < fault.save) return;
    isOver = true;
    await act();
  };
  const faulty = (file: DiskFile): DiskFile => ({
    async write(bytes) {
      await at("before-write");
      if (!isOver && fault.moment === "write" && saves >= fault.save)
        await file.write(bytes.subarray(0, fault.byte % bytes.length));
      await at("write");
      await file.write(bytes);
    },
    async sync() {
      await at("before-fsync");
      await file.sync();
      await at("after-fsync");
    },
    close: () => file.close(),
  });
  return {
    ...disk,
    async create(path) {
      saves += 1;
      await at("create");
      return faulty(await disk.create(path));
    },
    async rename(from, to) {
      await at("rename");
      await disk.rename(from, to);
      await at("after-rename");
    },
    async remove(path) {
      await at("before-prune");
      await disk.remove(path);
      await at("mid-prune");
    },
  };
}

/** As faultyDisk, with the process killed by itself. */
export function crashingDisk(disk: Disk, fault: Fault): Disk {
  return faultyDisk(disk, fault, () => {
    process.kill(process.pid, "SIGKILL");
    return new Promise<never>(() => {});
  });
}

/** As faultyDisk, with the system refusing in its own words, such as "ENOSPC". */
export function refusingDisk(disk: Disk, fault: Fault, code: string): Disk {
  return faultyDisk(disk, fault, () =>
    Promise.reject(Object.assign(new Error(`${code}: refused, ${fault.moment}`), { code })),
  );
}
