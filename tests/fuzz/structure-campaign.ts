// `npm run campaign -- structure`: a million mutated messages; each protocol of both programs adds its target here.
import { randomMutations, type Mutation } from './structural-mutations.ts'
import { denseReport, report, StructureTarget, uplinkMessages } from './structure-uplink.ts'

export interface StructureCampaignOptions {
  seed: number
  messages: number
  progress: (text: string) => void
}

export interface StructureTargetRun {
  name: string
  /** Takes one batch; answers what went wrong, none when all is well. */
  take: (batch: readonly Mutation[]) => string[] | Promise<string[]>
  /** Valid messages that are mutated. */
  messages: readonly unknown[]
  end?: () => string[] | Promise<string[]>
}

const batchSize = 200

/** Runs each target with its share of the messages; answers every fault with the mutation that caused it. */
export async function runStructureCampaign(options: StructureCampaignOptions): Promise<string[]> {
  const targets = [...parserTargets(), reportTarget()]
  const share = Math.ceil(options.messages / targets.length)
  const faults: string[] = []
  for (const [at, target] of targets.entries()) {
    const mutations = randomMutations(target.messages, options.seed + at)
    for (let done = 0; done < share; done += batchSize) {
      const batch = Array.from({ length: batchSize }, () => mutations.next().value as Mutation)
      faults.push(...(await target.take(batch)).map((fault) => `${target.name}: ${fault}`))
      if (faults.length > 20) return faults
    }
    faults.push(...((await target.end?.()) ?? []).map((fault) => `${target.name}: ${fault}`))
    options.progress(`${target.name}: ${share} messages`)
  }
  return faults
}

function parserTargets(): StructureTargetRun[] {
  return uplinkMessages.map(([name, message, parse]) => ({
    name: `parser of a ${name}`,
    messages: [message],
    take: (batch) =>
      batch.flatMap(({ text, what }) => {
        try {
          parse(Buffer.from(text))
          return []
        } catch (error) {
          return [`${what}: ${error instanceof Error ? error.message : 'thrown'}`]
        }
      }),
  }))
}

/** Stored by a real database; listed now and then; started again at the end. */
function reportTarget(): StructureTargetRun {
  const target = new StructureTarget()
  let batches = 0
  return {
    name: 'Reports stored and listed',
    messages: [report, denseReport],
    take: (batch) => {
      try {
        target.take(
          batch.map(({ text }) => text),
          'red',
          ++batches % 4 === 0,
        )
        if (batches % 100 === 0) target.list()
        return []
      } catch (error) {
        const words = batch.map(({ what }) => what).join('; ')
        return [`${error instanceof Error ? (error.stack ?? error.message) : 'thrown'} with one of ${words}`]
      }
    },
    end: () => {
      target.restart()
      target.list()
      const [onDesk, sent] = target.honest()
      target.end()
      return onDesk === sent ? [] : [`${sent - onDesk} of ${sent} honest alarms are not on the desk`]
    },
  }
}
