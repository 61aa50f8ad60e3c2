import { cacheFolder as defaultCacheFolder } from "../data/cache-folder.ts";
import { openTunings } from "../fine-tune/tuning-cache.ts";
import type { Provider } from "../runtime/runtime.ts";
import { VERSION } from "../version.ts";
import { fingerprintOf } from "./device-presence.ts";
import type { Machine } from "./machine.ts";
import { probeDevice } from "./probe-device.ts";
import type { Probed, ProbeOptions } from "./probe-device.ts";

export interface ProbesOptions {
  /** Where what was found is kept; the cache of this user where absent. */
  readonly cacheFolder?: string;
  /** Try every device anew, whatever was found before. */
  readonly anew?: boolean;
  /** Longest time for one device; 60 s where absent, 180 s for one that is asked for by name. */
  readonly limitSeconds?: number;
  readonly signal?: AbortSignal;
}

/** What was found out about devices. */
export interface DeviceProbes {
  /** What was found before, else what a trial finds now. Without `timed` the speed may be missing. */
  find(device: Provider, options: { readonly timed: boolean }): Promise<Probed>;
}

/** How a device is tried; `probeDevice`, but in tests. */
export type Probe = (options: ProbeOptions) => Promise<Probed>;

const LIMIT_SECONDS = 60;
/** Whoever names a device would rather wait. */
const PATIENT_SECONDS = 180;

/** Trials that are kept in a cache folder, for as long as drivers, libraries and processor stay what they are. */
export function deviceProbes(machine: Machine, options: ProbesOptions, probe: Probe = probeDevice): DeviceProbes {
  const { cacheFolder: folder = defaultCacheFolder(), anew = false, limitSeconds: limit, signal } = options;
  const kept = openTunings({ folder, machine: machine.about });
  return {
    async find(device, { timed }) {
      const about = JSON.stringify({ version: VERSION, probe: fingerprintOf(device, machine) });
      const known = anew ? undefined : read(await kept.get(about));
      // what is asked for by name may have been put right in a way that nothing here tells
      if (known && (timed ? isTimed(known) : known.fault === undefined)) return known;
      const limitSeconds = limit ?? (timed ? LIMIT_SECONDS : PATIENT_SECONDS);
      const probed = await probe({ device, timed, limitSeconds, ...(signal ? { signal } : {}) });
      // where it cannot be kept, the next one who asks has to wait again
      await kept.set(about, `${JSON.stringify(probed)}\n`).catch(() => undefined);
      return probed;
    },
  };
}

/** Whether there is nothing more to be found. */
function isTimed({ fault, speed, isLate }: Probed): boolean {
  return fault !== undefined || speed !== undefined || isLate === true;
}

/** What was kept; nothing where it is damaged. */
function read(text: string | undefined): Probed | undefined {
  if (text === undefined) return undefined;
  try {
    const found = JSON.parse(text) as unknown;
    return typeof found === "object" && found !== null ? found : undefined;
  } catch {
    return undefined;
  }
}
