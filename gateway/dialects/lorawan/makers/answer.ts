// Decoders for LoRaWAN devices: pure functions of port and bytes, written after the makers' tables.
import type { Readings } from '../../../../protocols/domain/reading.ts'
import type { DialectReadings } from '../../port.ts'

export interface MakerAnswer {
  /** A distance stays a distance (`distanceMm`): it becomes a water level only with the height of the sensor. */
  readings: DialectReadings
  momentary?: Readings
  /** Set if the frame reports the device's own faults; an empty list: none. */
  faults?: string[]
  /** The reason, in words, why the frame has no readings. */
  ignored?: string
  /** The reason, in words, why it can not be decoded. */
  problem?: string
}

/** `model` is the device's name in lower case without signs, or its maker's if no more is known. */
export type MakerDecoder = (fPort: number, bytes: Frame, model: string) => MakerAnswer

/** Reads numbers from a frame; beyond its end it throws a RangeError, which `readFrame` handles. */
export class Frame {
  readonly length: number
  readonly #view: DataView

  constructor(bytes: Uint8Array) {
    this.length = bytes.length
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  u8(at: number): number {
    return this.#view.getUint8(at)
  }
  i8(at: number): number {
    return this.#view.getInt8(at)
  }
  /** Most significant byte first. */
  u16(at: number): number {
    return this.#view.getUint16(at)
  }
  i16(at: number): number {
    return this.#view.getInt16(at)
  }
  u32(at: number): number {
    return this.#view.getUint32(at)
  }
  /** Least significant byte first. */
  u16le(at: number): number {
    return this.#view.getUint16(at, true)
  }
  i16le(at: number): number {
    return this.#view.getInt16(at, true)
  }

  isAll(value: number): boolean {
    for (let at = 0; at < this.length; at++) if (this.u8(at) !== value) return false
    return true
  }
}

export const ignored = (reason: string): MakerAnswer => ({ readings: {}, ignored: reason })
export const problem = (reason: string): MakerAnswer => ({ readings: {}, problem: reason })

/** Rounds off the error of a division of decimal fractions. */
export const rounded = (value: number): number => Math.round(value * 1000) / 1000

/** Never throws. */
export function readFrame(
  decoder: MakerDecoder,
  fPort: number,
  bytes: Uint8Array,
  model: string,
): MakerAnswer {
  try {
    return decoder(fPort, new Frame(bytes), model)
  } catch (error) {
    if (error instanceof RangeError) return problem('the frame ends too early')
    throw error
  }
}
