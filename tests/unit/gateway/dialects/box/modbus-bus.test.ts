// Does a bus report each unit that answers, an unchanged value rarely, a value that could not be stored again, and its death once?
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { pino } from 'pino'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { modbusSchema } from '../../../../../gateway/config/bus-settings.ts'
import type { DialectIntake } from '../../../../../gateway/dialects/box/dialect-intake.ts'
import type { ResultStorage } from '../../../../../gateway/dialects/box/result-storage.ts'
import { ModbusBus } from '../../../../../gateway/dialects/box/modbus-bus.ts'

let server: Server
let sockets: Set<Socket>
let value: number
let isException: boolean
let isKept: boolean
let reads: number
let taken: string[]
let presences: boolean[]
let bus: ModbusBus

beforeEach(async () => {
  ;[sockets, value, isException, isKept, reads, taken, presences] = [new Set(), 1500, false, true, 0, [], []]
  // Modbus TCP: the head of the request, then one holding register or an exception.
  server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.on('data', (request) => {
      reads++
      const answer = isException
        ? Buffer.from([0, 0, 0, 0, 0, 3, request[6] ?? 0, 0x83, 2])
        : Buffer.from([0, 0, 0, 0, 0, 5, request[6] ?? 0, 3, 2, value >> 8, value & 0xff])
      request.copy(answer, 0, 0, 2)
      socket.write(answer)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const settings = modbusSchema.parse({
    host: '127.0.0.1',
    port: (server.address() as AddressInfo).port,
    pollS: 1,
    units: [{ unit: 3, device: 'creek', registers: [{ reading: 'waterLevelMm', at: 10 }] }],
  })
  bus = new ModbusBus({
    id: 'rs485',
    // Rounds follow each other at once.
    settings: { ...settings, pollS: 0.05, timeoutMs: 500 },
    dialects: {
      take: (
        _bus: string,
        { payload }: { payload: Uint8Array },
        answer: { kept(): void; refused(error: Error): void },
      ) => {
        taken.push(Buffer.from(payload).toString())
        if (isKept) answer.kept()
        else answer.refused(new Error('disk full'))
        return true
      },
    } as unknown as DialectIntake,
    keeper: {
      keepPresence: (_bus: string, isOnline: boolean) => Promise.resolve(void presences.push(isOnline)),
    } as unknown as ResultStorage,
    steadyMs: () => performance.now(),
    logger: pino({ level: 'silent' }),
  })
})
afterEach(async () => {
  await bus.stop()
  for (const socket of sockets) socket.destroy()
  server.close()
})

it('reports a value, no second time while it is the same, and again once it has changed', async () => {
  bus.start()
  await expect.poll(() => reads).toBeGreaterThan(3)
  expect(taken).toEqual(['{"words":[[1500]]}'])
  value = 1600
  await expect.poll(() => taken).toEqual(['{"words":[[1500]]}', '{"words":[[1600]]}'])
  expect([presences, bus.isConnected]).toEqual([[true], true])
})

it('reads a value again that could not be stored', async () => {
  isKept = false
  bus.start()
  await expect.poll(() => taken.length).toBeGreaterThan(2)
  isKept = true
  const before = taken.length
  await expect.poll(() => taken.length).toBe(before + 1)
})

it('reports a register that the unit refuses as no value: the connection is sound', async () => {
  isException = true
  bus.start()
  await expect.poll(() => taken).toEqual(['{"words":[null]}'])
  expect(presences).toEqual([true])
})

it('notes a dead bus once, and that it answers again', async () => {
  bus.start()
  await expect.poll(() => presences).toEqual([true])
  const port = (server.address() as AddressInfo).port
  server.close()
  for (const socket of sockets) socket.destroy()
  await expect.poll(() => presences, { timeout: 20_000 }).toEqual([true, false])
  expect(bus.isConnected).toBe(false)
  server.listen(port, '127.0.0.1')
  await expect.poll(() => presences, { timeout: 20_000 }).toEqual([true, false, true])
})
