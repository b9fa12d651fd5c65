// Does a box whose journal thread has ended for any reason report it and stop, so that it is restarted?
import type { Worker } from 'node:worker_threads'
import { connectAsync } from 'mqtt'
import { afterEach, expect, it } from 'vitest'
import { createBoxFolder, startBox } from '../kits/system/box-in-process.ts'

const undo: (() => unknown)[] = []
afterEach(async () => {
  for (const one of undo.splice(0).toReversed()) await one()
})

it('fails at the next event, which gets no PUBACK, and stops', async () => {
  const scratch = createBoxFolder()
  undo.push(() => scratch.remove())
  const workers: Worker[] = []
  const note = (worker: Worker): void => void workers.push(worker)
  process.on('worker', note)
  undo.push(() => process.off('worker', note))
  const { gateway, mqttUrl } = await startBox(scratch.folder, { devices: [{ id: 'door-1', kind: 'door' }] })
  expect(workers).toHaveLength(1)
  const device = await connectAsync(mqttUrl, { clientId: 'door-1', protocolVersion: 4, reconnectPeriod: 0 })
  undo.push(() => device.end(true))
  const report = (id: string): Promise<unknown> =>
    device.publishAsync('gengfu/v1/door-1/event', JSON.stringify({ id, temperatureC: 20 }), { qos: 1 })
  await report('1-1')
  await workers[0]?.terminate()
  let isAnswered = false
  void report('1-2').then(
    () => (isAnswered = true),
    () => undefined,
  )
  await expect(gateway.failed).rejects.toMatchObject({ code: 'CLOSED' })
  await gateway.stop()
  expect(isAnswered).toBe(false)
})
