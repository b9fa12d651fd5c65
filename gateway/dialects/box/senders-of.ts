// The senders of each dialect, from the configuration: its bridges, and devices that connect by themselves.
import { readFileSync } from 'node:fs'
import type { GatewayConfig } from '../../config/config.ts'
import { mappingSchema } from '../mapping/mapping.ts'
import type { SenderSettings } from './senders.ts'

/** Read once at the start; one that can not be read is named, and nothing starts with half a configuration. */
function readMapping(file: string): unknown {
  const parsed = mappingSchema.safeParse(JSON.parse(readFileSync(file, 'utf8')))
  if (!parsed.success)
    throw new Error(
      `${file}: ${parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ')}`,
    )
  return parsed.data
}

export function sendersOf({
  bridges,
  devices,
}: Pick<GatewayConfig, 'bridges' | 'devices'>): SenderSettings[] {
  return [
    ...bridges.map(
      ({ id, dialect, base, mapping, codec = mapping, mappingFile, modbus, sl651, dc09, gb28181 }) => ({
        id,
        dialect,
        base,
        codec,
        isDevice: false,
        modbus: modbus?.units,
        password: sl651?.password,
        inputs: gb28181?.inputs,
        isListedOnly: (sl651 ?? dc09 ?? gb28181) !== undefined,
        ...(mappingFile === undefined ? {} : { mapping: readMapping(mappingFile) }),
      }),
    ),
    ...devices.flatMap(({ id, dialect, base }) =>
      dialect === undefined ? [] : [{ id, dialect, base, isDevice: true }],
    ),
  ]
}
