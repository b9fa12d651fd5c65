// The packets of one report in mode M3 (clause 6.3.1.2 c): they come one after the other without an answer. When the last one is
// here, each missing one is asked for with NAK and its number, at most twice; a repeated packet ends with ETX.
import { control, type Frame } from './frame.ts'
import { answerTo } from './sl651.ts'

/** Packets of one report; beyond it the report is given up. */
export const packetsMax = 64
/** How often packets are asked for again. */
const askedMax = 2

/** The whole report, or what to answer meanwhile; `problem`: it is given up. */
export type Taken = { whole: Buffer } | { answers: Uint8Array[] } | { problem: string }

export class Packets {
  readonly #parts = new Map<number, Buffer>()
  #report = ''
  #asked = 0
  #size = 0

  /** Of all packets that wait. */
  get size(): number {
    return this.#size
  }

  take(frame: Frame, bytes: Buffer): Taken {
    const { station, code, packets, packet, end } = frame
    if (packets > packetsMax) return this.#giveUp(`more than ${packetsMax} packets`)
    const report = `${station} ${code} ${packets}`
    // The first packet again: the station begins anew.
    if (report !== this.#report || (packet === 1 && this.#parts.has(1) && this.#asked === 0)) this.clear()
    this.#report = report
    this.#size += bytes.length - (this.#parts.get(packet)?.length ?? 0)
    this.#parts.set(packet, bytes)
    if (this.#parts.size === packets) {
      const whole = Buffer.concat(
        [...this.#parts].toSorted(([one], [other]) => one - other).map(([, part]) => part),
      )
      this.clear()
      return { whole }
    }
    if (end !== control.etx) return { answers: [] }
    return this.#ask(frame)
  }

  clear(): void {
    this.#parts.clear()
    this.#report = ''
    this.#asked = 0
    this.#size = 0
  }

  #ask(frame: Frame): Taken {
    // An answer to an earlier question: the others are on their way.
    if (this.#asked > 0 && this.#missing(frame).some((packet) => packet > frame.packet))
      return { answers: [] }
    if (this.#asked >= askedMax) return this.#giveUp('packets are missing, and were asked for twice')
    this.#asked++
    const first = this.#parts.get(1)
    const head = first === undefined ? { serial: '0000', sentAt: '000000000000' } : headOf(frame, first)
    return { answers: this.#missing(frame).map((packet) => answerTo(frame, head, control.nak, packet)) }
  }

  #missing({ packets }: Frame): number[] {
    return Array.from({ length: packets }, (_, at) => at + 1).filter((packet) => !this.#parts.has(packet))
  }

  #giveUp(problem: string): Taken {
    this.clear()
    return { problem }
  }
}

/** Serial number and send time stand at the start of the first packet's text. */
function headOf({ isText }: Frame, bytes: Buffer): { serial: string; sentAt: string } {
  const text = isText ? bytes.toString('latin1', 24 + 6, 24 + 22) : bytes.toString('hex', 14 + 3, 14 + 11)
  return { serial: text.slice(0, 4).toUpperCase(), sentAt: text.slice(4, 16) }
}
