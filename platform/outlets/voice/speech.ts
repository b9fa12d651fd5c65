// A text as telephone speech: a program such as espeak-ng makes a WAV of it, which becomes 8 kHz µ-law. A tone goes before it.
import { spawn } from 'node:child_process'
import { speechRate } from '../../sip/rtp.ts'

/** Two minutes at 48 kHz. */
const wavBytesMax = 48_000 * 2 * 120
const toneHz = 1000
const amplitude = 8000
/** Of espeak-ng. */
export const speechVoices = { zh: 'cmn', en: 'en' }

/** G.711 µ-law of one 16-bit sample. */
export function muLaw(sample: number): number {
  const sign = sample < 0 ? 0x80 : 0
  const level = Math.min(Math.abs(sample), 32_635) + 132
  const exponent = Math.max(0, Math.floor(Math.log2(level)) - 7)
  const mantissa = (level >> (exponent + 3)) & 0x0f
  return ~(sign | (exponent << 4) | mantissa) & 0xff
}

/** 16-bit PCM in one channel; undefined for another kind of file. */
export function parseWav(wav: Buffer): { rate: number; samples: Int16Array } | undefined {
  if (wav.length < 44 || wav.toString('latin1', 0, 4) !== 'RIFF' || wav.toString('latin1', 8, 12) !== 'WAVE')
    return undefined
  let rate = 0
  for (let at = 12; at + 8 <= wav.length;) {
    const name = wav.toString('latin1', at, at + 4)
    const size = wav.readUInt32LE(at + 4)
    const body = at + 8
    if (name === 'fmt ' && body + 16 <= wav.length) {
      if (
        wav.readUInt16LE(body) !== 1 ||
        wav.readUInt16LE(body + 2) !== 1 ||
        wav.readUInt16LE(body + 14) !== 16
      )
        return undefined
      rate = wav.readUInt32LE(body + 4)
    } else if (name === 'data') {
      if (rate < 4000 || rate > 48_000) return undefined
      // A program that writes to a pipe does not know the size, and writes a large one.
      const end = Math.min(wav.length, body + size)
      const count = Math.max(0, Math.floor((end - body) / 2))
      return { rate, samples: Int16Array.from({ length: count }, (_, i) => wav.readInt16LE(body + i * 2)) }
    }
    at = body + size + (size % 2)
  }
  return undefined
}

const waveFormatMuLaw = 7

/** A WAV file of telephone speech: 8 kHz, G.711 µ-law, one channel. */
export function writeWav(speech: Uint8Array): Buffer {
  const head = Buffer.alloc(44)
  head.write('RIFF', 0)
  head.writeUInt32LE(36 + speech.length, 4)
  head.write('WAVEfmt ', 8)
  head.writeUInt32LE(16, 16)
  head.writeUInt16LE(waveFormatMuLaw, 20)
  head.writeUInt16LE(1, 22)
  head.writeUInt32LE(speechRate, 24)
  head.writeUInt32LE(speechRate, 28)
  head.writeUInt16LE(1, 32)
  head.writeUInt16LE(8, 34)
  head.write('data', 36)
  head.writeUInt32LE(speech.length, 40)
  return Buffer.concat([head, speech])
}

/** The mean of the samples that one sample of telephone speech stands for. */
export function toTelephone({ rate, samples }: { rate: number; samples: Int16Array }): Uint8Array {
  const step = rate / speechRate
  const length = Math.floor(samples.length / step)
  return Uint8Array.from({ length }, (_, i) => {
    const from = Math.floor(i * step)
    const to = Math.max(from + 1, Math.floor((i + 1) * step))
    let sum = 0
    for (let at = from; at < to; at++) sum += samples[at] ?? 0
    return muLaw(Math.round(sum / (to - from)))
  })
}

export const tone = (ms: number): Uint8Array =>
  Uint8Array.from({ length: (speechRate * ms) / 1000 }, (_, i) =>
    muLaw(Math.round(amplitude * Math.sin((2 * Math.PI * toneHz * i) / speechRate))),
  )

export const pause = (ms: number): Uint8Array => new Uint8Array((speechRate * ms) / 1000).fill(0xff)

/** The text goes by the program's input: no word of it is ever an argument. Rejects with the program's own words. */
export function speak(
  { command, voice }: { command: string; voice: string },
  text: string,
  signal: AbortSignal,
): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, ['-v', voice, '--stdin', '--stdout'], {
      signal,
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    const parts: Buffer[] = []
    let bytes = 0
    let errors = ''
    child.on('error', (error) => reject(new Error(`${command}: ${error.message}`)))
    child.stdin.on('error', () => undefined)
    child.stdout.on('data', (part: Buffer) => {
      bytes += part.length
      if (bytes <= wavBytesMax) parts.push(part)
      else child.kill()
    })
    child.stderr.on('data', (part: Buffer) => (errors = (errors + part.toString()).slice(0, 300)))
    child.on('close', (code) => {
      const wav = parseWav(Buffer.concat(parts))
      if (wav && wav.samples.length > 0) resolve(toTelephone(wav))
      else reject(new Error(`${command} has made no speech (${code ?? 'killed'}): ${errors.trim()}`))
    })
    child.stdin.end(text)
  })
}
