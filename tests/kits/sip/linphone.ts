// A second telephone that we did not write: linphone, which picks up by itself, writes what it hears as WAV, and presses keys by RFC 4733 or
// by SIP INFO.
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Telephone } from './baresip.ts'
import { freePort } from './peers.ts'

/** A port that was free a moment ago may be taken: then it is started with others. */
const startsMax = 5
const readyMsMax = 30_000

export interface LinphoneChoice {
  keys?: 'rtp' | 'info'
}

export async function startLinphone(choice: LinphoneChoice = {}): Promise<Telephone> {
  for (let start = 1; ; start++) {
    const { telephone, isReady } = await startOnce(choice)
    if (isReady) return telephone
    await telephone.stop()
    if (start === startsMax) throw new Error(`linphone does not start:\n${telephone.lines.join('\n')}`)
  }
}

async function startOnce({ keys = 'rtp' }: LinphoneChoice): Promise<{
  telephone: Telephone
  isReady: boolean
}> {
  const folder = mkdtempSync(join(tmpdir(), 'gengfu-linphone-'))
  // Without the folder its database can not be made.
  mkdirSync(join(folder, '.local/share/linphone'), { recursive: true })
  const [port, rtp] = [await freePort(), await freePort()]
  const settings = {
    sip: [
      `sip_port=${port}`,
      'sip_tcp_port=0',
      'sip_tls_port=0',
      'contact=sip:13800000000@127.0.0.1',
      'guess_hostname=0',
      `use_info=${keys === 'info' ? 1 : 0}`,
      `use_rfc2833=${keys === 'rtp' ? 1 : 0}`,
    ],
    rtp: [`audio_rtp_port=${rtp}`],
    net: ['mtu=0', 'firewall_policy=none'],
  }
  const file = Object.entries(settings).flatMap(([name, lines]) => [`[${name}]`, ...lines, ''])
  writeFileSync(join(folder, 'linphonerc'), file.join('\n'))
  const child = spawn('linphonec', ['-c', join(folder, 'linphonerc'), '-a'], {
    stdio: ['pipe', 'pipe', 'pipe'],
    cwd: folder,
    env: { PATH: process.env['PATH'], HOME: folder, LANG: 'C.UTF-8' },
  })
  const lines: string[] = []
  const take = (part: Buffer): void => void lines.push(...part.toString('utf8').split('\n'))
  child.stdout.on('data', take)
  child.stderr.on('data', take)
  child.stdin.on('error', () => undefined)
  const heardFile = join(folder, 'heard.wav')
  child.stdin.write(`soundcard use files\nrecord ${heardFile}\nports\n`)
  const isOver = (): boolean => child.exitCode !== null || child.signalCode !== null
  const isListening = (): boolean => lines.some((line) => line.includes('audio rtp port'))
  const endMs = Date.now() + readyMsMax
  while (!isListening() && !isOver() && Date.now() < endMs)
    await new Promise((resolve) => setTimeout(resolve, 50))
  const isBound = (): boolean => !lines.some((line) => /bind|already in use/i.test(line))
  const telephone: Telephone = {
    port,
    lines,
    press: (key) => void child.stdin.write(`${key}\n`),
    heard: () => samplesIn(heardFile),
    stop: async () => {
      if (!isOver()) {
        const ended = new Promise((resolve) => child.once('exit', resolve))
        child.kill('SIGKILL')
        await ended
      }
      rmSync(folder, { recursive: true, force: true })
    },
  }
  return { telephone, isReady: isListening() && isBound() && !isOver() }
}

function samplesIn(file: string): Int16Array {
  if (!existsSync(file)) return new Int16Array()
  const wav = readFileSync(file)
  const count = Math.max(0, Math.floor((wav.length - 44) / 2))
  return Int16Array.from({ length: count }, (_, i) => wav.readInt16LE(44 + i * 2))
}
