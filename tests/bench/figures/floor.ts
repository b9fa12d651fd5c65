// The lower bound of a press on this machine: two synced appends and three loopback hops, measured beside it.
import { fork } from 'node:child_process'
import { closeSync, fdatasyncSync, openSync, writeSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const page = Buffer.alloc(4096, 7)

export interface Floor {
  /** Milliseconds of one sample: 2 x append a page and fdatasync, 3 x one way over loopback. */
  sample(): Promise<number>
  close(): void
}

export async function openFloor(folder: string): Promise<Floor> {
  const echo = fork(fileURLToPath(new URL('../load/echo-process.ts', import.meta.url)), [], {
    execArgv: ['--import', 'tsx'],
  })
  const port = await new Promise<number>((resolve, reject) => {
    echo.once('message', resolve)
    echo.once('exit', () => reject(new Error('the echo ended')))
  })
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve)
    socket.once('error', reject)
  })
  const file = openSync(join(folder, 'floor.bin'), 'a')
  const roundTrip = async (): Promise<number> => {
    const startMs = performance.now()
    await new Promise((resolve) => {
      socket.once('data', resolve)
      socket.write('press')
    })
    return performance.now() - startMs
  }
  return {
    async sample() {
      const startMs = performance.now()
      for (let i = 0; i < 2; i++) {
        writeSync(file, page)
        fdatasyncSync(file)
      }
      const syncsMs = performance.now() - startMs
      return syncsMs + (3 * (await roundTrip())) / 2
    },
    close() {
      socket.destroy()
      echo.disconnect()
      closeSync(file)
    },
  }
}
