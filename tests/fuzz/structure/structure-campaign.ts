// `npm run campaign -- structure`: a million mutated messages; each protocol of both programs adds its target here.
import { randomMutations, type Mutation } from './structural-mutations.ts'
import { CameraStructureTarget, httpMessages, onvifMessages, rtspMessages } from './structure-cameras.ts'
import { CentreTarget } from './structure-centre.ts'
import { DialectStructureTarget, type DialectMutation } from './structure-dialects.ts'
import { ForeignBrokerTarget, frameMutations } from './structure-foreign-broker.ts'
import { ReceiptStructureTarget, sessionPictureReceipt, sessionReceipt } from './structure-receipts.ts'
import { deviceEvent, deviceResult, DeviceStructureTarget } from './structure-device.ts'
import { denseReport, report, StructureTarget, uplinkMessages } from './structure-uplink.ts'

export interface StructureCampaignOptions {
  seed: number
  messages: number
  progress: (text: string) => void
}

interface StructureTargetRun {
  name: string
  /** Takes one batch; returns the failures, none when all is well. */
  take: (batch: readonly Mutation[]) => string[] | Promise<string[]>
  /** Valid messages that are mutated. */
  messages: readonly unknown[]
  /** Its part of all messages beside 1 of the others: each of its messages is a conversation over sockets. */
  share?: number
  end?: () => string[] | Promise<string[]>
}

const batchSize = 200

/** Targets that share what they attack; it starts when their turn comes, because an idle connection has an end. */
interface StructureGroup {
  /** The sum of its targets' shares. */
  share: number
  open: () => StructureTargetRun[] | Promise<StructureTargetRun[]>
}

/** What goes over sockets costs a hundred times as much as what is parsed alone. */
const groupsOf = (seed: number): StructureGroup[] => [
  { share: uplinkMessages.length, open: parserTargets },
  { share: 1, open: () => [receiptTarget()] },
  { share: 0.5, open: () => [reportTarget()] },
  { share: 0.2, open: centreTargets },
  { share: 0.5, open: async () => [await deviceTarget()] },
  { share: 0.3, open: async () => [await dialectTarget()] },
  { share: 0.06, open: () => foreignBrokerTargets(seed) },
  { share: 0.06, open: cameraTargets },
]

/** Runs each target with its share of the messages; returns every fault with its mutation, and how many were sent. */
export async function runStructureCampaign(
  options: StructureCampaignOptions,
): Promise<{ faults: string[]; messages: number }> {
  const groups = groupsOf(options.seed)
  const shares = groups.reduce((sum, { share }) => sum + share, 0)
  const faults: string[] = []
  let messages = 0
  let seed = options.seed
  for (const { open } of groups)
    for (const target of await open()) {
      const share = Math.ceil((options.messages * (target.share ?? 1)) / shares)
      const startMs = performance.now()
      const mutations = randomMutations(target.messages, seed++)
      for (let done = 0; done < share; done += batchSize) {
        const batch = Array.from({ length: batchSize }, () => mutations.next().value as Mutation)
        faults.push(...(await target.take(batch)).map((fault) => `${target.name}: ${fault}`))
        messages += batchSize
        // Targets without sockets never wait: without this turn every connection of this process would be idle too long.
        await new Promise(setImmediate)
        if (faults.length > 20) return { faults, messages }
      }
      faults.push(...((await target.end?.()) ?? []).map((fault) => `${target.name}: ${fault}`))
      const seconds = ((performance.now() - startMs) / 1000).toFixed(0)
      options.progress(`${target.name}: ${share} messages in ${seconds} s`)
    }
  return { faults, messages }
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

function receiptTarget(): StructureTargetRun {
  const target = new ReceiptStructureTarget()
  return {
    name: 'Receipts to the session of a box',
    messages: [sessionReceipt, sessionPictureReceipt],
    take: (batch) => target.take(batch),
  }
}

/** All attack one running centre, over its sockets; its state is checked when the last has ended. */
async function centreTargets(): Promise<StructureTargetRun[]> {
  const centre = await CentreTarget.start()
  const operations = centre.operations.filter(({ bodies }) => bodies.length > 0)
  const addresses = [...centre.addresses()]
  let batches = 0
  return [
    {
      name: 'routes of the centre',
      messages: operations.flatMap(({ path, bodies }) => bodies.map((body) => ({ path, body }))),
      take: async (batch) => {
        // A mutation without a known route goes to any.
        const asked = batch.flatMap(({ text, what }, at) => {
          const path = /^{"path":"([^"]+)"/.exec(text)?.[1]
          const operation = operations.find((one) => one.path === path) ?? operations[at % operations.length]
          const body = text.slice(text.indexOf(',"body":') + 8, -1)
          return operation ? [centre.bodyOf(operation, body, what)] : []
        })
        const from = (batches++ * 50) % addresses.length
        return centre.ask([...asked, ...addresses.slice(from, from + 50)])
      },
      share: 0.1,
      end: () => centre.raw(1),
    },
    {
      name: 'results, calls and heartbeats to the centre',
      messages: uplinkMessages.flatMap(([name, message]) =>
        ['result', 'unkept call', 'heartbeat'].includes(name) ? [message] : [],
      ),
      share: 0.06,
      take: (batch) => centre.uplink(batch.map(({ text }) => text)),
    },
    {
      name: 'messages to the stream of the centre',
      messages: [centre.auth],
      share: 0.04,
      take: (batch) =>
        centre.stream(
          batch.map(({ text }) => text),
          // Signed in first: later strangers come from addresses that are known.
          ++batches % 2 === 1,
        ),
      end: async () => {
        const faults = await centre.faultsAtEnd()
        await centre.end()
        return faults
      },
    },
  ]
}

/** Stored by a real journal; the box starts again at the end. */
async function deviceTarget(): Promise<StructureTargetRun> {
  const target = new DeviceStructureTarget()
  await target.start()
  let batches = 0
  return {
    name: 'messages of a device to a box',
    messages: [deviceEvent, deviceResult],
    share: 0.5,
    take: (batch) =>
      target.take(
        batch.map(({ text }) => text),
        ++batches % 4 === 0 ? 'result' : 'event',
      ),
    end: async () => {
      const faults = await target.restart()
      await target.end()
      return faults
    },
  }
}

/** What the recorded conversations of bought devices say, to a box without its sockets. */
async function dialectTarget(): Promise<StructureTargetRun> {
  const target = new DialectStructureTarget()
  await target.start()
  const { lines } = target
  return {
    name: 'messages of bought devices to a box',
    messages: lines.map(({ payload }, line) => ({ line, payload })),
    share: 0.3,
    take: (batch) =>
      target.take(
        batch.flatMap(({ text, what }, at): DialectMutation[] => {
          // A mutation without a known line goes to any.
          const [head, number] = /^\{"line":(\d+),"payload":/.exec(text) ?? []
          const line = lines[Number(number ?? at % lines.length)]
          return line ? [{ line, text: head === undefined ? text : text.slice(head.length, -1), what }] : []
        }),
      ),
    end: async () => {
      const faults = await target.restart()
      await target.end()
      return faults
    },
  }
}

/** Whole messages on a few connections, and wrong frames on one connection each. */
async function foreignBrokerTargets(seed: number): Promise<StructureTargetRun[]> {
  const target = new ForeignBrokerTarget()
  await target.start()
  const frames = frameMutations(seed)
  return [
    {
      name: 'messages of a foreign broker',
      messages: target.dialects.lines.map(({ payload }) => payload),
      share: 0.05,
      take: (batch) => target.messages(batch),
    },
    {
      name: 'frames of a foreign broker',
      messages: [0],
      share: 0.01,
      take: (batch) => target.frames(batch.map(() => frames.next().value ?? Buffer.alloc(0))),
      end: async () => {
        const faults = await target.faultsAtEnd()
        await target.end()
        return faults
      },
    },
  ]
}

async function cameraTargets(): Promise<StructureTargetRun[]> {
  const target = new CameraStructureTarget()
  await target.start()
  return [
    {
      name: 'ONVIF answers of a camera',
      messages: onvifMessages,
      share: 0.02,
      take: (batch) => target.onvif(batch),
    },
    {
      name: 'HTTP answers of a camera',
      messages: httpMessages,
      share: 0.03,
      take: (batch) => target.http(batch),
    },
    {
      name: 'RTSP answers of a camera',
      messages: rtspMessages,
      share: 0.01,
      take: (batch) => target.rtsp(batch),
      end: async () => {
        await target.end()
        return []
      },
    },
  ]
}

/** Stored by a real database; listed from time to time; started again at the end. */
function reportTarget(): StructureTargetRun {
  const target = new StructureTarget()
  let batches = 0
  return {
    name: 'Reports stored and listed',
    messages: [report, denseReport],
    share: 0.5,
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
