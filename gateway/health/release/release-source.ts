// Where releases come from: a folder, or a web folder such as the centre's /releases/. Reads a whole small file, or a piece of a large one.
import { open } from 'node:fs/promises'
import { Agent, get } from 'node:http'
import { Agent as SecureAgent, get as getSecure } from 'node:https'
import { join } from 'node:path'
import { rootCertificates } from 'node:tls'

/** One answer takes no longer; it is tried again later. */
const answerMsMax = 60_000

export interface ReleaseSource {
  /** At most `bytesMax` bytes from `from`; a file that ends earlier gives fewer. */
  read(name: string, from: number, bytesMax: number): Promise<Buffer>
  close(): void
}

export class ReleaseSourceFailure extends Error {
  /** True when it makes no sense to ask again: the source has no such file. */
  readonly isFinal: boolean

  constructor(message: string, isFinal: boolean) {
    super(message)
    this.isFinal = isFinal
  }
}

/** `place`: a folder, or an http(s) address. */
export function openReleaseSource(place: string, authorities?: string): ReleaseSource {
  return /^https?:\/\//.test(place) ? openWeb(place, authorities) : openFolder(place)
}

function openFolder(folder: string): ReleaseSource {
  return {
    read: async (name, from, bytesMax) => {
      const handle = await open(join(folder, name)).catch((error: unknown) => {
        throw new ReleaseSourceFailure(`${name} can not be read: ${(error as Error).message}`, true)
      })
      try {
        const piece = Buffer.alloc(bytesMax)
        const { bytesRead } = await handle.read(piece, 0, bytesMax, from)
        return piece.subarray(0, bytesRead)
      } finally {
        await handle.close()
      }
    },
    close: () => undefined,
  }
}

function openWeb(place: string, authorities: string | undefined): ReleaseSource {
  const isSecure = place.startsWith('https:')
  const folder = new URL(place.endsWith('/') ? place : `${place}/`)
  const settings = { keepAlive: true, maxSockets: 1 }
  const ca = authorities === undefined ? undefined : [...rootCertificates, authorities]
  const agent = isSecure ? new SecureAgent({ ...settings, ...(ca ? { ca } : {}) }) : new Agent(settings)
  const ask = isSecure ? getSecure : get
  return {
    read: (name, from, bytesMax) =>
      new Promise((resolve, reject) => {
        const headers = { range: `bytes=${from}-${from + bytesMax - 1}` }
        const signal = AbortSignal.timeout(answerMsMax)
        const fail = (error: Error): void =>
          reject(new ReleaseSourceFailure(`${folder.href}${name}: ${error.message}`, false))
        const request = ask(new URL(name, folder), { agent, headers, signal }, (response) => {
          const status = response.statusCode ?? 0
          // 416: nothing from there on. The body of no answer but 206 is read: its length is the server's choice.
          if (status === 416) {
            response.destroy()
            return resolve(Buffer.alloc(0))
          }
          if (status !== 206) {
            response.destroy()
            const isFinal = status >= 400 && status < 500 && status !== 408 && status !== 429
            const words =
              status === 200 ? 'the server sends no pieces (Range)' : `the server answers ${status}`
            return reject(
              new ReleaseSourceFailure(`${folder.href}${name}: ${words}`, isFinal || status === 200),
            )
          }
          const chunks: Buffer[] = []
          let bytes = 0
          response.on('data', (chunk: Buffer) => {
            bytes += chunk.byteLength
            if (bytes > bytesMax) request.destroy(new Error('more bytes than were asked for'))
            else chunks.push(chunk)
          })
          response.on('error', fail)
          response.on('end', () => resolve(Buffer.concat(chunks)))
        })
        request.on('error', fail)
      }),
    close: () => agent.destroy(),
  }
}
