// A telephone that we did not write: baresip, which picks up by itself, writes what it hears as WAV, and presses keys.
import { spawn } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from './peers.ts'

export interface Telephone {
  port: number
  lines: string[]
  /** In the call that is open. */
  press: (key: string) => void
  /** Samples of what was heard, 16 bits. */
  heard: () => Int16Array
  stop: () => Promise<void>
}

/** It takes its ports at its start, and ends or is mute when one of them is taken by then: then it is started with others. */
const startsMax = 5
const readyMsMax = 30_000

export interface TelephoneChoice {
  user?: string
  picksUp?: boolean
  /** Certificate and key in PEM: it listens by TLS too, one port above the other. */
  certificate?: string
}

export async function startBaresip(choice: TelephoneChoice = {}): Promise<Telephone> {
  for (let start = 1; ; start++) {
    const { telephone, isReady } = await startOnce(choice)
    if (isReady) return telephone
    await telephone.stop()
    if (start === startsMax) throw new Error(`baresip does not start:\n${telephone.lines.join('\n')}`)
  }
}

async function startOnce({ user = '13800000000', picksUp = true, certificate }: TelephoneChoice): Promise<{
  telephone: Telephone
  isReady: boolean
}> {
  const folder = mkdtempSync(join(tmpdir(), 'gengfu-baresip-'))
  const [port, console] = [await freePort(), await freePort()]
  const modules = ['account', 'menu', 'cons', 'g711', 'aufile', 'sndfile']
  // 8 kHz of silence as its microphone.
  const silence = Buffer.alloc(44 + 16_000 * 60)
  silence.write('RIFF', 0)
  silence.writeUInt32LE(silence.length - 8, 4)
  silence.write('WAVEfmt ', 8)
  silence.writeUInt32LE(16, 16)
  silence.writeUInt16LE(1, 20)
  silence.writeUInt16LE(1, 22)
  silence.writeUInt32LE(8000, 24)
  silence.writeUInt32LE(16_000, 28)
  silence.writeUInt16LE(2, 32)
  silence.writeUInt16LE(16, 34)
  silence.write('data', 36)
  silence.writeUInt32LE(silence.length - 44, 40)
  writeFileSync(join(folder, 'silence.wav'), silence)
  if (certificate !== undefined) writeFileSync(join(folder, 'cert.pem'), certificate)
  writeFileSync(
    join(folder, 'config'),
    [
      `sip_listen 127.0.0.1:${port}`,
      ...(certificate === undefined ? [] : [`sip_certificate ${join(folder, 'cert.pem')}`]),
      `audio_source aufile,${join(folder, 'silence.wav')}`,
      `audio_player aufile,${join(folder, 'played.wav')}`,
      'audio_alert aufile,/dev/null',
      `cons_listen 127.0.0.1:${console}`,
      'module_path /usr/lib/baresip/modules',
      ...modules.map((name) => `module ${name}.so`),
      `snd_path ${folder}`,
      '',
    ].join('\n'),
  )
  const mode = picksUp ? 'auto' : 'manual'
  writeFileSync(
    join(folder, 'accounts'),
    `<sip:${user}@127.0.0.1>;regint=0;answermode=${mode};dtmfmode=rtpevent\n`,
  )
  writeFileSync(join(folder, 'contacts'), '')
  const child = spawn('baresip', ['-f', folder, '-v'], { stdio: ['ignore', 'pipe', 'pipe'], cwd: folder })
  const lines: string[] = []
  const take = (part: Buffer): void => void lines.push(...part.toString('latin1').split('\n'))
  child.stdout.on('data', take)
  child.stderr.on('data', take)
  const text = (): string => lines.join('\n')
  const isOver = (): boolean => child.exitCode !== null || child.signalCode !== null
  const endMs = Date.now() + readyMsMax
  while (!text().includes('baresip is ready') && !isOver() && Date.now() < endMs)
    await new Promise((resolve) => setTimeout(resolve, 50))
  const isReady = text().includes('baresip is ready') && text().includes('UI console listening') && !isOver()
  const socket = createSocket('udp4')
  const telephone: Telephone = {
    port,
    lines,
    press: (key) => {
      socket.send(key, console, '127.0.0.1')
      // It sends the end of the key when it is released.
      setTimeout(() => socket.send('\u0004', console, '127.0.0.1'), 200)
    },
    heard: () => samplesIn(folder),
    stop: async () => {
      socket.close()
      if (!isOver()) {
        const ended = new Promise((resolve) => child.once('exit', resolve))
        child.kill('SIGKILL')
        await ended
      }
      rmSync(folder, { recursive: true, force: true })
    },
  }
  return { telephone, isReady }
}

function samplesIn(folder: string): Int16Array {
  const name = readdirSync(folder).find((one) => /^dump-.*-dec\.wav$/.test(one))
  if (name === undefined) return new Int16Array()
  const wav = readFileSync(join(folder, name))
  const count = Math.max(0, Math.floor((wav.length - 44) / 2))
  return Int16Array.from({ length: count }, (_, i) => wav.readInt16LE(44 + i * 2))
}
