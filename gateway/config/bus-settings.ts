// Bridges that do not use MQTT: a Modbus bus that the box polls, and listeners for SL 651 recorders, alarm panels and cameras.
import { z } from 'zod'
import { gbIdPattern } from '../../platform/gb28181/gb-codes.ts'
import { deviceIdPattern } from '../../protocols/domain/names.ts'

export const unitsMax = 64
export const registersMax = 32

const word = z.union([z.string().max(100), z.number(), z.boolean()])

const registerSchema = z
  .strictObject({
    /** Our name of the reading, such as waterLevelMm. */
    reading: z.string().regex(/^[a-z][A-Za-z0-9]{0,63}$/, 'a name of a reading such as waterLevelMm'),
    /** Function code 1, 2, 3 or 4. */
    from: z.enum(['coil', 'discrete', 'holding', 'input']).default('holding'),
    /** Address on the wire, from 0: the 40001 of a manual is `holding` 0. */
    at: z.int().min(0).max(65_535),
    type: z.enum(['uint16', 'int16', 'uint32', 'int32', 'float32']).default('uint16'),
    /** Byte order as the manual writes it; CDAB is swapped words. */
    order: z.enum(['ABCD', 'CDAB', 'BADC', 'DCBA']).default('ABCD'),
    /** One bit of the word, 0 is the lowest. */
    bit: z.int().min(0).max(15).optional(),
    /** `value * scale + offset`. */
    scale: z.number().default(1),
    offset: z.number().default(0),
    /** After scaling; outside of it the reading is not known, and the device has a fault. */
    min: z.number().optional(),
    max: z.number().optional(),
    /** Raw values that mean "not known", such as 65535. */
    unknown: z.array(z.number()).max(8).default([]),
    /** Raw values and their words: `{0: closed, 1: open}`. */
    words: z.record(z.string().max(16), word).optional(),
  })
  .superRefine(({ reading, words, from, bit }, context) => {
    if (reading === 'button' && words === undefined)
      context.addIssue({ code: 'custom', path: ['words'], message: 'words for a button, {1: pressed}' })
    if (bit !== undefined && (from === 'coil' || from === 'discrete'))
      context.addIssue({ code: 'custom', path: ['bit'], message: 'only for registers of 16 bits' })
  })

export const modbusSchema = z
  .strictObject({
    /** A gauge with a network plug, or a serial server before the bus. */
    host: z.string().min(1).max(255).optional(),
    port: z.int().min(1).max(65_535).default(502),
    /** `rtu`: a serial server that passes the bytes of RS-485 through. */
    framing: z.enum(['tcp', 'rtu']).default('tcp'),
    /** A serial adapter of this machine instead of host, such as /dev/ttyUSB0. */
    serial: z.string().min(1).max(255).optional(),
    baudRate: z.int().min(300).max(921_600).default(9600),
    parity: z.enum(['none', 'even', 'odd']).default('none'),
    pollS: z.number().min(1).max(3600).default(30),
    /** An unchanged value is stored at least this often. */
    reportS: z.number().min(1).max(86_400).default(300),
    timeoutMs: z.int().min(50).max(30_000).default(1000),
    units: z
      .array(
        z.strictObject({
          unit: z.int().min(1).max(247),
          /** Its id in devices. */
          device: z.string().regex(deviceIdPattern, 'the id of a device'),
          registers: z.array(registerSchema).min(1).max(registersMax),
        }),
      )
      .min(1)
      .max(unitsMax),
  })
  .refine(({ host, serial }) => (host === undefined) !== (serial === undefined), 'host or serial')

export const sl651Schema = z.strictObject({
  host: z.string().min(1).max(255).default('127.0.0.1'),
  /** 0 lets the system choose. */
  port: z.int().min(0).max(65_535).default(5011),
  /** Four hex digits that all recorders send; another one is quarantined. */
  password: z
    .string()
    .regex(/^[0-9A-Fa-f]{4}$/, 'four hex digits')
    .optional(),
  connections: z.int().min(1).max(1000).default(200),
  /** A recorder without a message for this long is disconnected. */
  idleS: z.int().min(10).max(86_400).default(600),
})

export const dc09Schema = z.strictObject({
  host: z.string().min(1).max(255).default('127.0.0.1'),
  /** By TCP and UDP; 0 lets the system choose. */
  port: z.int().min(0).max(65_535).default(12_128),
  /** AES: 32, 48 or 64 hexadecimal digits. With it, frames in clear get no answer. */
  keyFile: z.string().min(1).max(1000).optional(),
  connections: z.int().min(1).max(1000).default(200),
  /** A panel without a message for this long is disconnected. */
  idleS: z.int().min(10).max(86_400).default(600),
})

export type Dc09Settings = z.infer<typeof dc09Schema>
const gbCode = z.string().regex(gbIdPattern, '20 digits')

export const gbSchema = z.strictObject({
  host: z.string().min(1).max(255).default('127.0.0.1'),
  /** By UDP and TCP; 0 lets the system choose. */
  port: z.int().min(0).max(65_535).default(5060),
  /** The box, as the cameras have it as their server. */
  code: gbCode,
  /** The password of all cameras; their user name is their code. */
  passwordFile: z.string().min(1).max(1000),
  /** The kind of sensor at each alarm input, by the input's code. Default: a button at an input (type 134), motion at a camera. */
  inputs: z.record(gbCode, z.enum(['button', 'motion', 'smoke', 'fire', 'gas', 'leak'])).default({}),
  connections: z.int().min(1).max(1000).default(200),
})

export type GbSettings = z.infer<typeof gbSchema>
export type ModbusSettings = z.infer<typeof modbusSchema>
export type ModbusUnit = ModbusSettings['units'][number]
export type ModbusRegister = ModbusUnit['registers'][number]
export type Sl651Settings = z.infer<typeof sl651Schema>
