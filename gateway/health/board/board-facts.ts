// What the board tells of itself: model, memory, temperature, voltage and mains, from files of the kernel. What a board does not tell
// is left out.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export interface BoardFacts {
  model?: string
  memory?: { freeBytes: number; totalBytes: number }
  temperatureC?: number
  /** Now, or at any time since the machine started. */
  isUndervolted?: boolean
  isOnMains?: boolean
}

const modelCharsMax = 80
/** Bit 0: now; bit 16: since the start. */
const undervoltageBits = 0x1_0001

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').replaceAll('\0', '').trim()
  } catch {
    return undefined
  }
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder).sort()
  } catch {
    return []
  }
}

/** `root` is `/`, or a folder with the same files in a test. */
export function readBoard(root = '/'): BoardFacts {
  const at = (path: string): string => join(root, path)
  const model =
    read(at('sys/firmware/devicetree/base/model')) || read(at('sys/devices/virtual/dmi/id/product_name'))
  const memory = memoryOf(read(at('proc/meminfo')))
  const temperatures = list(at('sys/class/thermal'))
    .filter((name) => name.startsWith('thermal_zone'))
    .map((name) => Number.parseInt(read(at(`sys/class/thermal/${name}/temp`)) ?? '', 10) / 1000)
    .filter((degrees) => degrees > -80 && degrees < 200)
  const throttled = read(at('sys/devices/platform/soc/soc:firmware/get_throttled'))
  const mains = list(at('sys/class/power_supply'))
    .filter((name) => read(at(`sys/class/power_supply/${name}/type`)) === 'Mains')
    .map((name) => read(at(`sys/class/power_supply/${name}/online`)) === '1')
  return {
    ...(model ? { model: model.slice(0, modelCharsMax) } : {}),
    ...(memory ? { memory } : {}),
    ...(temperatures.length > 0 ? { temperatureC: Math.max(...temperatures) } : {}),
    ...(throttled === undefined
      ? {}
      : { isUndervolted: (Number.parseInt(throttled, 16) & undervoltageBits) !== 0 }),
    ...(mains.length > 0 ? { isOnMains: mains.some(Boolean) } : {}),
  }
}

function memoryOf(text: string | undefined): BoardFacts['memory'] {
  const kilobytes = (key: string): number =>
    Number.parseInt(new RegExp(`^${key}:\\s+(\\d+) kB`, 'm').exec(text ?? '')?.[1] ?? '', 10)
  const [free, total] = [kilobytes('MemAvailable'), kilobytes('MemTotal')]
  return free >= 0 && total > 0 ? { freeBytes: free * 1024, totalBytes: total * 1024 } : undefined
}
