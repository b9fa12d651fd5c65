// Does the broker survive the packets of strangers and broken firmware, without an effect on honest devices?
import { describe, expect, it } from 'vitest'
import { runFuzz } from './broker-fuzz-run.ts'

describe.each(['strict', 'open'] as const)('mutated packets in %s access', (access) => {
  it('crash nothing, leave nothing behind, and cost honest devices no event', async () => {
    const seed = 20261122
    const report = await runFuzz({ packets: 6000, hostile: 20, honest: 10, seed, access })
    expect({ seed, errors: report.errors }).toEqual({ seed, errors: [] })
    expect(report).toMatchObject({ honestLost: [], honestDropped: 0, connectionsLeft: 0, devicesLeft: [] })
    expect(report.packetsSent).toBeGreaterThanOrEqual(6000)
    expect(report.honestKept).toBeGreaterThan(100)
    expect((report.heapBytesAfter - report.heapBytesBefore) / 1_048_576).toBeLessThan(16)
  })
})
