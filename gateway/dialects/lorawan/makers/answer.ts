// What a frame of a LoRaWAN device says: pure functions of port and bytes, written after the makers' tables.
import type { Readings } from '../../../../protocols/domain/reading.ts'
import type { DialectReadings } from '../../port.ts'

export interface MakerAnswer {
  /** A distance stays one (`distanceMm`): it becomes a water level only with the height at which the sensor hangs. */
  readings: DialectReadings
  momentary?: Readings
  /** Where the frame says how the device itself is; an empty list: it is well. */
  faults?: string[]
  /** Why nothing follows from it, in words. */
  ignored?: string
  /** Why it can not be read, in words. */
  problem?: string
}

/** `model` is the device's name in lower case without signs, or its maker's where no more is known. */
export type MakerDecoder = (fPort: number, bytes: Frame, model: string) => MakerAnswer

/** Reads numbers out of a frame; beyond its end it throws a RangeError, which `readFrame` answers. */
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

/** Rounds what a division of decimal fractions leaves behind. */
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
