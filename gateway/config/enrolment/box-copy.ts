// The copy of this box for the one that may replace it: its configuration as it counts, without secrets, and what is armed.
import { readFileSync } from 'node:fs'
import { copyCharsMax, type BoxCopy } from '../../../protocols/enrolment/box-copy.ts'
import type { Guard } from '../../../protocols/domain/guard.ts'
import { guardListMax } from '../../../protocols/domain/guard.ts'
import type { GatewayConfig } from '../config.ts'

/** The sections that describe the village. Listeners, folders and the console belong to the machine: a new box has its own. */
export const copiedSections = [
  'zones',
  'devices',
  'rules',
  'ringGroups',
  'limits',
  'pictures',
  'commands',
  'bridges',
  'push',
  'cameras',
] as const

const secretKey = /File$|^(password|token|secret|key|user)$/
const withheldMax = 200

/** Removes secrets, and the paths of files that another machine does not have. */
function withoutSecrets(value: unknown, path: string, withheld: string[]): unknown {
  if (Array.isArray(value)) return value.map((one, at) => withoutSecrets(one, `${path}.${at}`, withheld))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, inner]) => {
      const at = `${path}.${key}`
      if (secretKey.test(key) && typeof inner === 'string') {
        withheld.push(at.slice(0, 200))
        return []
      }
      return [[key, withoutSecrets(inner, at, withheld)]]
    }),
  )
}

function readPasswords({ mqtt }: Pick<GatewayConfig, 'mqtt'>): string | undefined {
  if (mqtt.passwordFile === undefined) return undefined
  try {
    const text = readFileSync(mqtt.passwordFile, 'utf8')
    return text.length <= copyCharsMax / 2 ? text : undefined
  } catch {
    return undefined
  }
}

export function boxCopyOf(config: GatewayConfig, guard: Guard): BoxCopy {
  const withheld: string[] = []
  const sections = Object.fromEntries(
    copiedSections.flatMap((name) =>
      config[name] === undefined ? [] : [[name, withoutSecrets(config[name], name, withheld)]],
    ),
  )
  const passwords = readPasswords(config)
  return {
    v: 1,
    ...(config.box.name === undefined ? {} : { name: config.box.name }),
    sections,
    ...(passwords === undefined ? {} : { passwords }),
    guard: {
      // The configured state is in the configuration.
      zones: guard.zones
        .filter(({ by }) => by !== 'default')
        .slice(0, guardListMax)
        .map(({ id, isArmed }) => ({ id, isArmed })),
      bypassed: guard.bypassed.slice(0, guardListMax).map(({ id, leftMs }) => ({ id, leftMs })),
    },
    withheld: withheld.slice(0, withheldMax),
  }
}
