// Hostile clients in a separate process, each from a separate address like strangers; controlled over IPC.
import { createSeededRandom } from '../../protocols/kit/random.ts'
import { runElsewhere } from '../bench/load/elsewhere.ts'
import { attack, type AttackReport } from './broker-attack.ts'

export interface AttackOrder {
  port: number
  packets: number
  hostile: number
  seed: number
}

/** How often the parent gets the progress. */
const progressMs = 5000

async function obey({ port, packets, hostile, seed }: AttackOrder): Promise<void> {
  const report: AttackReport = { packetsSent: 0, connections: 0, errors: [] }
  const timer = setInterval(() => process.send?.({ isOver: false, report }), progressMs)
  const attacker = async (number: number): Promise<void> => {
    const random = createSeededRandom(seed + number)
    while (report.packetsSent < packets) await attack(port, random, report, `127.0.1.${number + 1}`)
  }
  await Promise.all(Array.from({ length: hostile }, (_, number) => attacker(number)))
  clearInterval(timer)
  process.send?.({ isOver: true, report })
}

runElsewhere()
process.on('message', (order: AttackOrder) => {
  obey(order).catch((error: Error) => {
    process.stderr.write(`attacker: ${error.stack}\n`)
    process.exit(1)
  })
})
process.on('disconnect', () => process.exit(0))
