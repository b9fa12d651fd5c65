// A centre and its boxes as real processes on the two sides of a bad link: mqtts with certificates both ways, as in a
// town. Ports of both sides are reachable from here under their own numbers.
import { X509Certificate } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { createAuthority, type Issued } from '../broker/certificates.ts'
import { createTown, freePort, Program, type TestTown } from '../system/programs.ts'
import type { TwoPlaces } from './two-places.ts'

export interface BoxAcross {
  id: string
  /** Of the link, from 1. */
  line: number
  ports: { mqtt: number; console: number }
  dataDir: string
  start(): Promise<Program>
  /** Numbers of its lanes, from its console. */
  lanes(): Promise<Record<string, { last: number; receipted: number }>>
}

export interface TownAcross {
  town: TestTown
  boxes: readonly BoxAcross[]
  startCentre(): Promise<Program>
  /** The folder of the uplink's TLS files, for a peer with the same setup. */
  tls: { caFile: string; certFile: string; keyFile: string; boxCertFile: string; boxKeyFile: string }
  /** Bytes of both leaf certificates, which every new connection needs. */
  certificateBytes: number
  /** Ends every process and removes the folder. */
  close(): Promise<void>
}

/** `settings` is merged into the configuration of every box. */
export async function createTownAcross(
  places: TwoPlaces,
  boxCount: number,
  settings: object,
  uplinkSettings: object = {},
): Promise<TownAcross> {
  const uplinkPort = await freePort()
  const authority = await createAuthority()
  const server = await authority.issueServer(places.addresses)
  // Its folder is not known before; both sides only have to find the files.
  const files = { folder: '' }
  const town = await createTown({}, {})
  files.folder = join(town.folder, 'tls')
  mkdirSync(files.folder)
  const write = (name: string, content: string): string => {
    const file = join(files.folder, name)
    writeFileSync(file, content)
    return file
  }
  const caFile = write('ca.pem', authority.cert)
  const certFile = write('centre.pem', server.cert)
  const keyFile = write('centre.key', server.key)
  writeFileSync(
    town.centreFile,
    stringify({
      dataDir: join(town.folder, 'centre'),
      http: { host: '127.0.0.1', port: town.ports.http },
      uplink: { listeners: [{ host: '0.0.0.0', port: uplinkPort, tls: { certFile, keyFile, caFile } }] },
    }),
  )
  const started: Program[] = []
  const start = async (args: string[], ready: string, wrap: readonly string[]): Promise<Program> => {
    const program = new Program(args, wrap)
    started.push(program)
    await program.said(ready)
    return program
  }
  let first: (Issued & { certFile: string; keyFile: string }) | undefined
  const makeBox = async (line: number): Promise<BoxAcross> => {
    const id = `320612104201-${line}`
    const own = await authority.issueDevice(id)
    const box = { certFile: write(`${id}.pem`, own.cert), keyFile: write(`${id}.key`, own.key) }
    first ??= { ...own, ...box }
    const ports = { mqtt: await freePort(), console: await freePort() }
    const dataDir = join(town.folder, id)
    const file = join(town.folder, `${id}.yaml`)
    const address = places.addresses[(line - 1) % places.addresses.length] ?? ''
    writeFileSync(
      file,
      stringify({
        box: { id, name: `village ${line}` },
        dataDir,
        mqtt: { listeners: [{ host: '127.0.0.1', port: ports.mqtt }], anonymous: true },
        uplink: { url: `mqtts://${address}:${uplinkPort}`, caFile, ...box, ...uplinkSettings },
        console: { host: '127.0.0.1', port: ports.console },
        ...settings,
      }),
    )
    for (const port of Object.values(ports)) await places.openDoor('box', port)
    return {
      id,
      line,
      ports,
      dataDir,
      start: () => start(['gateway', '--config', file], 'gateway is listening', places.wrap.box),
      async lanes() {
        const answer = await fetch(`http://127.0.0.1:${ports.console}/api/v1/health`)
        return ((await answer.json()) as { lanes: Record<string, { last: number; receipted: number }> }).lanes
      },
    }
  }
  await places.openDoor('centre', town.ports.http)
  const boxes: BoxAcross[] = []
  for (let line = 1; line <= boxCount; line++) boxes.push(await makeBox(line))
  const leafBytes = (pem: string): number => new X509Certificate(pem).raw.length
  return {
    town,
    boxes,
    tls: {
      caFile,
      certFile,
      keyFile,
      boxCertFile: first?.certFile ?? '',
      boxKeyFile: first?.keyFile ?? '',
    },
    certificateBytes: leafBytes(server.cert) + leafBytes(first?.cert ?? server.cert),
    startCentre: () =>
      start(['centre', '--config', town.centreFile], 'centre is listening', places.wrap.centre),
    async close() {
      await Promise.all(started.map((program) => program.end('SIGKILL')))
      await town.close()
    },
  }
}
