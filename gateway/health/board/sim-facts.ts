// The SIM of the box as its modem tells of it (ModemManager's `mmcli`), the traffic of its interface, and what the installer wrote down.
import { execFile } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { HealthSim } from '../../../protocols/console/api.ts'
import { isObject, parseJson } from '../../../protocols/kit/parse-json.ts'

const answerBytesMax = 256 * 1024
const answerMsMax = 10_000
const wordCharsMax = 80

/** The answer of `mmcli -m any -J`; undefined when it is about no modem. */
export function parseModem(text: string): HealthSim | undefined {
  const json = parseJson(new TextEncoder().encode(text), answerBytesMax)
  const modem = json.ok ? part(json.value, 'modem') : undefined
  if (!modem) return undefined
  const [generic, network] = [part(modem, 'generic'), part(modem, '3gpp')]
  const operator = plain(network?.['operator-name'])
  const signal = Number.parseFloat(plain(part(generic, 'signal-quality')?.['value']) ?? '')
  return {
    ...(operator === undefined ? {} : { operator }),
    ...(signal >= 0 && signal <= 100 ? { signalPercent: signal } : {}),
  }
}

const part = (value: unknown, key: string): Record<string, unknown> | undefined => {
  const inner = isObject(value) ? value[key] : undefined
  return isObject(inner) ? inner : undefined
}

/** `--` is how mmcli writes nothing. */
const plain = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' && value !== '--' ? value.slice(0, wordCharsMax) : undefined

/** Bytes since the machine started over the interfaces of modems; undefined without one. */
export function readModemTraffic(root = '/'): number | undefined {
  const folder = join(root, 'sys/class/net')
  try {
    const names = readdirSync(folder).filter((name) => /^(wwan|ppp|usb)\d/.test(name))
    if (names.length === 0) return undefined
    const count = (name: string, way: string): number =>
      Number.parseInt(readFileSync(join(folder, name, 'statistics', way), 'utf8'), 10)
    return names.reduce((sum, name) => sum + count(name, 'rx_bytes') + count(name, 'tx_bytes'), 0)
  } catch {
    return undefined
  }
}

/** Asks the modem; a machine without ModemManager answers nothing. */
export function askModem(program = 'mmcli'): Promise<HealthSim | undefined> {
  return new Promise((resolve) => {
    const limits = { timeout: answerMsMax, maxBuffer: answerBytesMax }
    execFile(program, ['-m', 'any', '-J'], limits, (error, stdout) =>
      resolve(error ? undefined : parseModem(stdout)),
    )
  })
}
