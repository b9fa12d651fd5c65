// How long from the PUBACK of a pressed button until a receiver of the box's own outlets has the call, while a dead, a silent and an endless
// receiver stand in the same rule? At most 2 s.
import { createServer as createHttp } from 'node:http'
import { createServer, type AddressInfo, type Server } from 'node:net'
import { connectAsync } from 'mqtt'
import { createBoxFolder, startBox } from '../../kits/system/box-in-process.ts'
import { median, percentile, printTable, printVerdict, short } from '../figures/figures.ts'
import { readOptions } from '../options.ts'

const handOverMsMax = 2000
const pressMsMax = 20_000

async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

export async function runBoxOutlets(args: readonly string[]): Promise<void> {
  const { presses } = readOptions(args, { presses: 60 })
  const home = createBoxFolder()
  const gotMs = new Map<string, number>()
  const hook = createHttp((request, response) => {
    let body = ''
    request.on('data', (part: Buffer) => (body += part.toString()))
    request.on('end', () => {
      const { data } = JSON.parse(body) as { data: { device: string } }
      if (!gotMs.has(data.device)) gotMs.set(data.device, performance.now())
      response.end('{}')
    })
  })
  const silent = createServer((socket) => socket.on('error', () => undefined).resume())
  const endless = createHttp((_request, response) => {
    const timer = setInterval(() => response.write('x'.repeat(1000)), 20)
    response.on('close', () => clearInterval(timer))
  })
  const gone = createServer()
  const deadPort = await listening(gone)
  await new Promise<void>((resolve) => gone.close(() => resolve()))
  const common = { type: 'webhook', rules: [{ kinds: ['sos'] }], followUps: [], timeoutSeconds: 2 }
  const to = (name: string, port: number) => ({ ...common, name, url: `http://127.0.0.1:${port}/` })
  const box = await startBox(home.folder, {
    devices: Array.from({ length: presses }, (_, at) => ({ id: `d-${at}`, kind: 'button' })),
    outlets: [
      to('dead', deadPort),
      to('silent', await listening(silent)),
      to('endless', await listening(endless)),
      to('hook', await listening(hook)),
    ],
  })
  const took: number[] = []
  try {
    for (let at = 0; at < presses; at++) {
      const device = `d-${at}`
      const button = await connectAsync(box.mqttUrl, { clientId: device, protocolVersion: 4 })
      const body = JSON.stringify({ id: '1-1', button: 'pressed' })
      await button.publishAsync(`gengfu/v1/${device}/event`, body, { qos: 1 })
      const fromMs = performance.now()
      while (!gotMs.has(device) && performance.now() - fromMs < pressMsMax)
        await new Promise((resolve) => setTimeout(resolve, 5))
      took.push((gotMs.get(device) ?? Infinity) - fromMs)
      await button.endAsync(true)
    }
  } finally {
    await box.gateway.stop()
    for (const server of [hook, silent, endless]) server.close()
    hook.closeAllConnections()
    endless.closeAllConnections()
    home.remove()
  }
  printTable(
    `outlets of a box: ${presses} presses, with a dead, a silent and an endless receiver in the same rule`,
    ['PUBACK to receiver median ms', 'p99 ms'],
    [[short(median(took)), short(percentile(took, 0.99))]],
  )
  const worst = percentile(took, 0.99)
  printVerdict('p99, ms', worst, worst <= handOverMsMax, 'at most 2000')
}
