// The peer: Debian's Mosquitto on loopback, storing nothing on disk.
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../../kits/system/programs.ts'
import { pause } from '../options.ts'

const file = '/usr/sbin/mosquitto'
const startTriesMax = 100

export interface Mosquitto {
  port: number
  pid: number
  close(): Promise<void>
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy()
      resolve(true)
    })
    socket.on('error', () => resolve(false))
  })
}

export async function startMosquitto(): Promise<Mosquitto> {
  const folder = mkdtempSync(join(tmpdir(), 'gengfu-peer-'))
  const port = await freePort()
  const config = join(folder, 'mosquitto.conf')
  writeFileSync(
    config,
    `listener ${port} 127.0.0.1\nallow_anonymous true\npersistence false\nset_tcp_nodelay true\nlog_dest none\nuser root\n`,
  )
  const child = spawn(file, ['-c', config], { stdio: 'ignore' })
  const ended = new Promise<void>((resolve, reject) => {
    child.once('exit', () => resolve())
    child.once('error', reject)
  })
  for (let tries = 0; !(await isListening(port)); tries++) {
    if (tries > startTriesMax || child.exitCode !== null) throw new Error('mosquitto does not listen')
    await pause(20)
  }
  return {
    port,
    pid: child.pid ?? 0,
    async close() {
      child.kill('SIGKILL')
      await ended
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
