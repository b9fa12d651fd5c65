// Does `gengfu sim` print its results for a person, end cleanly, and exit with an error code if it fails?
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest'
import { TestBroker, until } from '../../kits/system/firmware-sim-broker.ts'

const root = join(import.meta.dirname, '../../..')
const program = `import { runSim } from './firmware-sim/main.ts'; await runSim(process.argv.slice(1))`
let broker: TestBroker

beforeEach(async () => {
  broker = new TestBroker()
  await broker.start()
})
afterEach(async () => {
  await broker.kill()
})

interface Ended {
  code: number | null
  out: string
  errors: string
}

function run(...argv: string[]): { ended: Promise<Ended>; interrupt: () => void } {
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', '--input-type=module', '-e', program, '--', ...argv],
    {
      cwd: root,
    },
  )
  onTestFinished(() => {
    child.kill('SIGKILL')
  })
  let out = ''
  let errors = ''
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()))
  const ended = new Promise<Ended>((resolve) => child.on('close', (code) => resolve({ code, out, errors })))
  return { ended, interrupt: () => child.kill('SIGINT') }
}

test('a press is acknowledged and the command succeeds', async () => {
  const { code, out } = await run('press', '--url', broker.url, '--device', 'button-001', '--how', 'held')
    .ended
  const [event] = broker.events('button-001')
  expect(JSON.parse(event?.text ?? '{}')).toMatchObject({ id: event?.id, button: 'held' })
  expect({ code, out }).toEqual({ code: 0, out: `acknowledged 已确认 button-001 ${event?.id}\n` })
})

test('a press without an acknowledgement fails, and reports it', async () => {
  broker.isHolding = true
  const { code, errors } = await run(
    'press',
    '--url',
    broker.url,
    '--device',
    'button-001',
    '--wait-seconds',
    '1',
  ).ended
  expect(code).toBe(1)
  expect(errors).toContain('no PUBACK in 1 s')
})

test('a village ends cleanly on Ctrl-C: the devices publish `offline` and the counts are printed', async () => {
  const { ended, interrupt } = run(
    'village',
    '--url',
    broker.url,
    '--devices',
    '3',
    '--rate',
    '50',
    '--boot',
    '9',
  )
  await until('events arrive', () => broker.events('button-001').length > 3, 15_000)
  interrupt()
  const { code, out } = await ended
  expect(code).toBe(0)
  const { host } = new URL(broker.url)
  expect(out.split('\n')[0]).toBe(`box 网关 ${host}, 3 devices 台设备: stop with Ctrl-C 按 Ctrl-C 停止`)
  expect(out).toMatch(/connected 在线 3\/3 {2}events 事件 \d+/)
  expect(broker.events('button-001')[0]?.id).toBe('9-1')
  expect([...broker.retained.values()]).toEqual(['offline', 'offline', 'offline'])
})

test('a wrong flag is named and fails before anything connects', async () => {
  const { code, errors } = await run('village', '--url', 'http://127.0.0.1', '--devices', '3').ended
  expect(code).toBe(1)
  expect(errors).toContain('like mqtt://127.0.0.1:1883')
})
