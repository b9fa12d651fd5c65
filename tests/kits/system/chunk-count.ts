// Reads the MQTT between box and centre: which bytes of which picture were sent, and which were receipted before.
import { parser as createParser, type Packet } from 'mqtt-packet'
import { createSystemClock } from '../../../protocols/kit/clock.ts'
import { parsePictureReceipt } from '../../../protocols/uplink/codec.ts'
import { isPictureChunk, parsePictureChunk } from '../../../protocols/uplink/picture-chunk.ts'
import type { LinkWatch } from './slow-link.ts'

/**
 * A chunk sent before its Receipt arrived may wait in front of a thin link for this long; it does not count as a
 * repeat.
 */
const underWayMs = 1500

export class ChunkCount {
  /** Bytes of pictures that were sent, repeats included. */
  sentBytes = 0
  /** Bytes that were sent after the box got their Receipt. */
  againBytes = 0
  readonly #receipts = new Map<string, { atMs: number; storedTo: number }[]>()
  readonly #clock = createSystemClock()

  watch(): LinkWatch {
    const read = (hear: (topic: string, payload: Buffer) => void): ((bytes: Buffer) => void) => {
      const parser = createParser()
      parser.on('packet', (packet: Packet) => {
        if (packet.cmd === 'publish') hear(packet.topic, packet.payload as Buffer)
      })
      return (bytes) => parser.parse(bytes)
    }
    return {
      up: read((topic, payload) => {
        if (!topic.endsWith('/picture') || !isPictureChunk(payload)) return
        const chunk = parsePictureChunk(payload)
        if (!chunk.ok) throw new Error('the box sent a chunk that does not parse')
        const { sha256, offset, part } = chunk.value
        this.sentBytes += part.length
        const known = this.#toldTo(sha256)
        this.againBytes += Math.max(0, Math.min(part.length, known - offset))
      }),
      down: read((topic, payload) => {
        const receipt = topic.endsWith('/picture') ? parsePictureReceipt(payload) : undefined
        if (!receipt?.ok) return
        const { sha256, storedTo } = receipt.value
        const receipts = this.#receipts.get(sha256) ?? []
        this.#receipts.set(sha256, [...receipts, { atMs: this.#clock.monotonicMs(), storedTo }])
      }),
    }
  }

  #toldTo(sha256: string): number {
    const heardMs = this.#clock.monotonicMs() - underWayMs
    const told = (this.#receipts.get(sha256) ?? []).filter(({ atMs }) => atMs < heardMs)
    return Math.max(0, ...told.map(({ storedTo }) => storedTo))
  }
}
