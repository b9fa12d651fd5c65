// The `bridges` section: senders that carry messages of many devices, the dialect of each, and its address.
import { z } from 'zod'
import { deviceIdPattern } from '../../protocols/domain/names.ts'
import { dc09Schema, gbSchema, modbusSchema, sl651Schema } from './bus-settings.ts'
import { plainAddress } from './plain-address.ts'
import type { Problem } from '../../protocols/kit/result.ts'

export const bridgesMax = 50

/** Dialects by name; `gateway/dialects/dialects.ts` has the same list, and a test compares the two. */
export const dialectNames = [
  'zigbee2mqtt',
  'shelly',
  'tasmota',
  'home-assistant',
  'chirpstack',
  'ttn',
  'lorawan',
  'mapping',
  'modbus',
  'sl651',
  'dc09',
  'gb28181',
] as const

/** What reads LoRaWAN frames: a model or maker that is built in, or the whole path of a maker's codec file. */
export const codecName = z
  .string()
  .min(1)
  .max(256)
  .regex(/^(\/.+|(?!.*\.[cm]?js$)[^/]+)$/, 'a model such as WS101, or the whole path of a codec file')

const topicBase = z
  .string()
  .min(1)
  .max(128)
  .regex(/^[^+#\0/][^+#\0]*$/u, 'a topic without wildcards, such as zigbee2mqtt')

export const bridgeSchema = z
  .strictObject({
    /** Also the user name of its credential, if it connects to this box. */
    id: z.string().regex(deviceIdPattern, 'letters, digits, dot, dash, underscore; 1 to 64'),
    name: z.string().min(1).max(120).optional(),
    dialect: z.enum(dialectNames),
    /** The first levels of its topics, if they can be chosen: it may publish only under these. */
    base: topicBase.optional(),
    /** For the dialect `mapping`: a built-in one by name, or a file as JSON. */
    mapping: z.string().max(100).optional(),
    mappingFile: z.string().min(1).optional(),
    /** Of all devices behind it that have no codec of their own. */
    codec: codecName.optional(),
    /** Largest message: the list of a thousand Zigbee devices is some 4 MB. */
    payloadBytes: z
      .int()
      .min(1024)
      .max(16 * 1024 * 1024)
      .default(8 * 1024 * 1024),
    /** An existing broker: the box connects to it, and the bridge stays where it is. */
    url: z
      .string()
      .regex(/^(mqtts?|tcp|tls):\/\/[^/@]+$/, 'like mqtt://192.168.1.5:1883 or mqtts://broker.example:8883')
      .optional(),
    username: z.string().max(256).optional(),
    passwordFile: z.string().min(1).optional(),
    caFile: z.string().min(1).optional(),
    certFile: z.string().min(1).optional(),
    keyFile: z.string().min(1).optional(),
    /** Its token for POST /push/{id}: needs `push`. */
    tokenFile: z.string().min(1).optional(),
    /** Filters instead of those of the dialect. */
    subscribe: z.array(z.string().min(1).max(256)).min(1).max(50).optional(),
    /** For the dialect `modbus`: the bus that the box polls. */
    modbus: modbusSchema.optional(),
    /** For the dialect `sl651`: the listener for recorders. */
    sl651: sl651Schema.optional(),
    /** For the dialect `dc09`: the listener for alarm panels (SIA DC-09). */
    dc09: dc09Schema.optional(),
    /** For the dialect `gb28181`: the registrar for cameras. */
    gb28181: gbSchema.optional(),
  })
  .superRefine((bridge, context) => {
    const { dialect, mapping, mappingFile, url, username, passwordFile, caFile, subscribe } = bridge
    if ((dialect === 'mapping') !== ((mapping ?? mappingFile) !== undefined))
      context.addIssue({
        code: 'custom',
        path: ['mapping'],
        message: 'together with dialect: mapping, as mapping or mappingFile',
      })
    if (bridge.codec !== undefined && !['chirpstack', 'ttn', 'lorawan'].includes(dialect))
      context.addIssue({
        code: 'custom',
        path: ['codec'],
        message: 'only for LoRaWAN: chirpstack, ttn, lorawan',
      })
    for (const name of ['modbus', 'sl651', 'dc09', 'gb28181'] as const) {
      if ((dialect === name) !== (bridge[name] !== undefined))
        context.addIssue({ code: 'custom', path: [name], message: `together with dialect: ${name}` })
      if (dialect === name && url !== undefined)
        context.addIssue({ code: 'custom', path: ['url'], message: `not with dialect: ${dialect}` })
    }
    const given = { username, passwordFile, caFile, subscribe }
    for (const [name, value] of Object.entries(given))
      if (value !== undefined && url === undefined)
        context.addIssue({ code: 'custom', path: [name], message: 'only together with url' })
  })

/** The listener to which vendors' platforms push, by HTTP. */
export const pushSchema = z
  .strictObject({
    host: z.string().min(1).default('127.0.0.1'),
    /** 0 lets the system choose. */
    port: z.int().min(0).max(65_535).default(8090),
    certFile: z.string().min(1).optional(),
    keyFile: z.string().min(1).optional(),
  })
  .refine(
    ({ certFile, keyFile }) => (certFile === undefined) === (keyFile === undefined),
    'certFile and keyFile together',
  )
export type PushSettings = z.infer<typeof pushSchema>

export const bridgesSchema = z.array(bridgeSchema).max(bridgesMax)
export type BridgeSettings = z.infer<typeof bridgeSchema>

/** Ids that are used twice, and two bridges with the same topics. */
export function checkBridges(
  bridges: readonly BridgeSettings[],
  devices: readonly {
    id: string
    address?: string | undefined
    via?: string | undefined
    connectsAs?: string | undefined
  }[],
): Problem[] {
  const problems: Problem[] = []
  const ids = new Set(devices.map(({ id }) => id))
  const places = new Map<string, string>()
  const viaOf = new Map(devices.map(({ id, via }) => [id, via]))
  bridges.forEach(({ id, dialect, base = '', url, modbus, sl651, dc09, gb28181 }, index) => {
    problems.push(...checkUnits(`bridges.${index}.modbus.units`, id, modbus?.units ?? [], viaOf))
    if (ids.has(id))
      problems.push({ path: `bridges.${index}.id`, message: `each id once; "${id}" is there already` })
    ids.add(id)
    const place = (modbus ?? sl651 ?? dc09 ?? gb28181) ? id : `${dialect} ${base} ${url ?? ''}`
    const other = places.get(place)
    if (other !== undefined && url === undefined)
      problems.push({
        path: `bridges.${index}.base`,
        message: `other topics; "${other}" has these already`,
      })
    places.set(place, id)
  })
  const addresses = new Set<string>()
  devices.forEach(({ address }, index) => {
    if (address === undefined) return
    const plain = plainAddress(address)
    if (addresses.has(plain))
      problems.push({
        path: `devices.${index}.address`,
        message: `each address once; "${address}" is there already`,
      })
    addresses.add(plain)
  })
  const names = new Set([...bridges.map(({ id }) => id), ...devices.map(({ id }) => id)])
  devices.forEach(({ id, connectsAs }, index) => {
    if (connectsAs === undefined || connectsAs === id) return
    if (names.has(connectsAs))
      problems.push({
        path: `devices.${index}.connectsAs`,
        message: `another name; "${connectsAs}" is there already`,
      })
    names.add(connectsAs)
  })
  return problems
}

/** Each unit once, and each is a device behind its bus. */
function checkUnits(
  path: string,
  bus: string,
  units: readonly { unit: number; device: string }[],
  viaOf: ReadonlyMap<string, string | undefined>,
): Problem[] {
  const seen = new Set<number | string>()
  return units.flatMap(({ unit, device }, index) => {
    const problems: Problem[] = []
    if (viaOf.get(device) !== bus)
      problems.push({
        path: `${path}.${index}.device`,
        message: `a device of devices[] with via: ${bus}; "${device}" is none 没有挂在该总线上的设备`,
      })
    for (const [key, value] of [
      ['unit', unit],
      ['device', device],
    ] as const)
      if (seen.has(value))
        problems.push({ path: `${path}.${index}.${key}`, message: `each once; ${value} is there already` })
    seen.add(unit).add(device)
    return problems
  })
}
