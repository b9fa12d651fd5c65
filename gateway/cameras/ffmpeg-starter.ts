// A small process that starts ffmpeg for the box. Starting one copies the page tables of whoever starts it, and each page that
// it writes afterwards faults: of a process as large as the box an alarm would wait for that.
import { spawn, type ChildProcess } from 'node:child_process'

/** Largest picture taken from a stream, and most of ffmpeg's complaints that is read. */
const pictureBytesMax = 4 * 1024 * 1024
const complaintBytesMax = 4 * 1024

export type StarterOrder =
  | {
      do: 'start'
      id: number
      command: string
      parameters: string[]
      path: string
      input: string | Uint8Array
    }
  | { do: 'kill'; id: number }

/** Sent once for each start, when the process is reaped and all it said is read. */
export interface StarterEnd {
  id: number
  exitCode: number | null
  output: Uint8Array
  complaint: string
  problem?: 'too-large' | 'ffmpeg-missing'
}

const running = new Map<number, ChildProcess>()
let isLeaving = false

function start({ id, command, parameters, path, input }: StarterOrder & { do: 'start' }): void {
  const child = spawn(command, parameters, { stdio: ['pipe', 'pipe', 'pipe'], env: { PATH: path } })
  running.set(id, child)
  const output: Buffer[] = []
  let size = 0
  let complaint = ''
  let problem: StarterEnd['problem']
  child.stdout.on('data', (chunk: Buffer) => {
    size += chunk.length
    if (size <= pictureBytesMax) {
      output.push(chunk)
      return
    }
    problem = 'too-large'
    child.kill('SIGKILL')
  })
  child.stderr.on('data', (chunk: Buffer) => {
    if (complaint.length < complaintBytesMax) complaint += chunk.toString('latin1')
  })
  // It may end before it has read everything: its exit code tells, not the broken pipe.
  child.stdin.on('error', () => {})
  child.stdin.end(input)
  const end = (exitCode: number | null): void => {
    if (!running.delete(id)) return
    const said: StarterEnd = { id, exitCode, output: Buffer.concat(problem ? [] : output), complaint }
    if (problem) said.problem = problem
    if (!isLeaving) process.send?.(said)
  }
  child.on('error', () => {
    problem ??= 'ffmpeg-missing'
    end(null)
  })
  // Only with 'close' is everything read; what a child of its own holds open keeps nobody from leaving.
  child.on('close', end)
  child.on('exit', leave)
}

process.on('message', (order: StarterOrder) => {
  if (order.do === 'start') start(order)
  else running.get(order.id)?.kill('SIGKILL')
})
// Whoever it works for is gone, or has no more work: it leaves nothing behind.
process.on('disconnect', () => {
  isLeaving = true
  for (const child of running.values()) child.kill('SIGKILL')
  leave()
})

/** Once all are reaped: nobody else would do that where the box is the first process of a container. */
function leave(): void {
  const hasEnded = ({ exitCode, signalCode, pid }: ChildProcess): boolean =>
    exitCode !== null || signalCode !== null || pid === undefined
  if (isLeaving && [...running.values()].every(hasEnded)) process.exit()
}
