// SIP programs that we did not write, on loopback: kamailio as a platform or PBX, and sipp with a scenario.
import { spawn, type ChildProcess } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface SipPeer {
  port: number
  /** Lines that it wrote. */
  lines: string[]
  stop: () => Promise<void>
}

/** Below the ports that the system gives to connections: there, a connection of another test takes a port that was free a moment ago. */
const peerPorts = { from: 20_000, to: 32_700 }

/** Free for UDP and TCP. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(peerPorts.from, peerPorts.to)
    const udp = createSocket('udp4')
    const isFreeUdp = await new Promise<boolean>((resolve) => {
      udp.once('error', () => resolve(false))
      udp.bind(port, '127.0.0.1', () => resolve(true))
    })
    const tcp = createServer()
    const isFree =
      isFreeUdp &&
      (await new Promise<boolean>((resolve) => {
        tcp.once('error', () => resolve(false))
        tcp.listen(port, '127.0.0.1', () => tcp.close(() => resolve(true)))
      }))
    await new Promise<void>((resolve) => udp.close(() => resolve()))
    if (isFree) return port
  }
}

function collect(child: ChildProcess): string[] {
  const lines: string[] = []
  let rest = ''
  const take = (part: Buffer): void => {
    const parts = (rest + part.toString('latin1')).split('\n')
    rest = parts.pop() ?? ''
    lines.push(...parts)
  }
  child.stdout?.on('data', take)
  child.stderr?.on('data', take)
  return lines
}

const stopper = (child: ChildProcess, folder: string) => async (): Promise<void> => {
  if (child.exitCode === null && child.signalCode === null) {
    const ended = new Promise((resolve) => child.once('exit', resolve))
    child.kill('SIGTERM')
    await ended
  }
  rmSync(folder, { recursive: true, force: true })
}

/** `route`: the body of request_route. Each text that it logs with `xlog` comes as a line that begins with `GF `. */
export async function startKamailio(route: string, parameters: readonly string[] = []): Promise<SipPeer> {
  const folder = mkdtempSync(join(tmpdir(), 'gengfu-kamailio-'))
  const port = await freePort()
  mkdirSync(join(folder, 'run'))
  const modules = 'tm tmx sl rr pv textops siputils maxfwd usrloc registrar auth uac xlog'.split(' ')
  const lines = [
    '#!KAMAILIO',
    'debug=0',
    'log_stderror=yes',
    'children=1',
    'tcp_children=1',
    'socket_workers=1',
    'disable_sctp=yes',
    'dns=no',
    `listen=udp:127.0.0.1:${port}`,
    `listen=tcp:127.0.0.1:${port}`,
    ...modules.map((name) => `loadmodule "${name}.so"`),
    ...parameters,
    `request_route {\n${route}\n}`,
  ]
  writeFileSync(join(folder, 'kamailio.cfg'), `${lines.join('\n')}\n`)
  const args = [
    '-f',
    join(folder, 'kamailio.cfg'),
    '-DD',
    '-E',
    '-m',
    '32',
    '-M',
    '4',
    '-Y',
    join(folder, 'run'),
  ]
  const child = spawn('kamailio', [...args, '-P', join(folder, 'pid'), '-w', folder], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const written = collect(child)
  const peer = { port, lines: written, stop: stopper(child, folder) }
  await answering(port, child, written)
  return peer
}

/** Answers OPTIONS, or anything at all. */
async function answering(port: number, child: ChildProcess, lines: readonly string[]): Promise<void> {
  const socket = createSocket('udp4')
  socket.on('error', () => undefined)
  const answered = new Promise<void>((resolve) => socket.once('message', () => resolve()))
  const ended = new Promise<never>((_resolve, reject) =>
    child.once('exit', () => reject(new Error(`ended: ${lines.slice(-5).join(' | ')}`))),
  )
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve))
  const at = socket.address().port
  const ask = (): void =>
    socket.send(
      `OPTIONS sip:127.0.0.1:${port} SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:${at};branch=z9hG4bK${Math.random()}\r\nFrom: <sip:t@t>;tag=1\r\nTo: <sip:t@t>\r\nCall-ID: start-${Math.random()}\r\nCSeq: 1 OPTIONS\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n`,
      port,
      '127.0.0.1',
    )
  const timer = setInterval(ask, 50)
  try {
    await Promise.race([answered, ended])
  } finally {
    clearInterval(timer)
    socket.close()
  }
}

/** `steps`: what stands inside `<scenario>`. It answers at `port`, or calls `target`. */
export async function startSipp(
  steps: string,
  { port, target = '127.0.0.1', more = [] }: { port: number; target?: string; more?: readonly string[] },
): Promise<SipPeer & { ended: Promise<number | null> }> {
  const folder = mkdtempSync(join(tmpdir(), 'gengfu-sipp-'))
  writeFileSync(
    join(folder, 'scenario.xml'),
    `<?xml version="1.0" encoding="ISO-8859-1" ?>\n<!DOCTYPE scenario SYSTEM "sipp.dtd">\n<scenario name="peer">\n${steps}\n</scenario>\n`,
  )
  const args = ['-sf', join(folder, 'scenario.xml'), '-i', '127.0.0.1', '-p', String(port), '-nostdin']
  const child = spawn('sipp', [...args, ...more, target], { stdio: ['ignore', 'pipe', 'pipe'], cwd: folder })
  const lines = collect(child)
  const ended = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)))
  return { port, lines, ended, stop: stopper(child, folder) }
}
