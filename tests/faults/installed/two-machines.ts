// A centre and a box as a town installs them, each on a machine of its own with the real systemd: packages, certificates and
// configurations by the commands of the handbook.
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { request } from 'node:https'
import { join } from 'node:path'
import { parse, stringify } from 'yaml'
import type { Credential } from '../../../firmware-sim/links/credentials.ts'
import type { VillageMember } from '../../../firmware-sim/village/population.ts'
import type { UpdatesAnswer } from '../../../protocols/desk/updates.ts'
import { Machine } from '../../kits/machine/machines.ts'

export const boxId = '320612104201-1'
const addresses = { box: '10.77.25.2', centre: '10.77.26.2', uplink: '10.77.27.1' }
const host = 'centre.example.cn'
export const villageUrl = `mqtt://${addresses.box}:1883`

export interface TwoMachinesOptions {
  project: string
  base: string
  folder: string
  packages: { box: string; centre: string }
  publicKey: string
  devices: readonly VillageMember[]
}

export class TwoMachines {
  readonly box: Machine
  readonly centre: Machine
  readonly credentials = new Map<string, Credential>()
  readonly #options: TwoMachinesOptions
  #token = ''

  constructor(options: TwoMachinesOptions) {
    this.#options = options
    this.box = new Machine('box', options.base, options.folder)
    this.centre = new Machine('centre', options.base, options.folder)
  }

  async start(): Promise<void> {
    await Promise.all([this.box.boot(), this.centre.boot()])
    await this.lay()
    this.#certificates()
    await this.#installCentre()
    await this.#installBox()
  }

  /** After a machine was started again its cables are gone: all are laid anew. */
  async lay(): Promise<void> {
    const { box, centre } = this
    await box.cable('lan0', addresses.box, undefined, 'gengfu-b', '10.77.25.1')
    if (this.#token === '') await centre.cable('lan0', addresses.centre, undefined, 'gengfu-c', '10.77.26.1')
    await box.cable('wan0', '10.77.27.2', centre, 'wan0', addresses.uplink)
  }

  /** Cuts the link between box and centre, or restores it. */
  async link(isUp: boolean): Promise<void> {
    await this.box.run('ip', 'link', 'set', 'wan0', isUp ? 'up' : 'down')
  }

  /** What the services logged last, for a run that failed. */
  async lastWords(): Promise<string> {
    const of = (machine: Machine): Promise<string> =>
      machine.tries('journalctl', '--no-pager', '-n', '15', '-o', 'cat', '-u', 'gengfu*')
    return [await of(this.box), await of(this.centre)].join('\n---\n')
  }

  async close(): Promise<void> {
    await Promise.all([this.box.cutPower(), this.centre.cutPower()])
  }

  async get<T>(path: string): Promise<T> {
    const { status, text } = await this.#ask(path)
    if (status !== 200) throw new Error(`GET ${path}: ${status} ${text}`)
    return JSON.parse(text) as T
  }

  readonly updates = (): Promise<UpdatesAnswer> => this.get<UpdatesAnswer>('/api/v1/updates')

  #ask(path: string): Promise<{ status: number; text: string }> {
    const options = {
      host: addresses.centre,
      port: 8443,
      path,
      servername: host,
      ca: readFileSync(join(this.#pki, 'ca.crt')),
      headers: { Authorization: `Bearer ${this.#token}` },
    }
    return new Promise((resolve, reject) => {
      const asked = request(options, (answer) => {
        let text = ''
        answer.on('data', (data: Buffer) => (text += data.toString()))
        answer.on('end', () => resolve({ status: answer.statusCode ?? 0, text }))
      })
      asked.once('error', reject)
      asked.end()
    })
  }

  get #pki(): string {
    return join(this.#options.folder, 'pki')
  }

  #certificates(): void {
    const { project } = this.#options
    const make = (...args: string[]): void => {
      const all = [join(project, 'deploy/certificates.js'), ...args, '--dir', this.#pki]
      execFileSync(process.execPath, all, { stdio: ['ignore', 'ignore', 'inherit'] })
    }
    make('authority')
    make('server', '--name', 'centre', '--host', host)
    make('server', '--name', 'box-server', '--host', addresses.box)
    make('client', '--id', boxId)
  }

  async #installCentre(): Promise<void> {
    const { packages, publicKey } = this.#options
    const { centre } = this
    centre.put(packages.centre, 'srv/centre.deb')
    await centre.shell('dpkg -i /srv/centre.deb && install -d -o root -g gengfu -m 0750 /etc/gengfu/pki')
    for (const name of ['centre.crt', 'centre.key'])
      centre.put(join(this.#pki, name), `etc/gengfu/pki/${name}`)
    centre.put(join(this.#pki, 'ca.crt'), 'etc/gengfu/pki/boxes-ca.crt')
    centre.put(publicKey, 'etc/gengfu/update.pub')
    await centre.shell(
      [
        'cp /usr/share/doc/gengfu-centre/examples/centre.yaml /etc/gengfu/',
        'chown -R root:gengfu /etc/gengfu',
        'chmod 0640 /etc/gengfu/centre.yaml /etc/gengfu/update.pub /etc/gengfu/pki/*',
        'gengfu-centre check-config --config /etc/gengfu/centre.yaml >&2',
        'systemctl restart gengfu-centre',
        'curl --retry 90 --retry-all-errors --retry-delay 1 -sfk https://127.0.0.1:8443/healthz >&2',
      ].join('\n'),
    )
    this.#token = await centre.shell(
      'runuser -u gengfu -- gengfu-centre centre token --config /etc/gengfu/centre.yaml --role admin --name campaign',
    )
  }

  async #installBox(): Promise<void> {
    const { packages, publicKey } = this.#options
    const { box } = this
    box.put(packages.box, 'srv/box.deb')
    // It runs with the first configuration of the package, before a person writes one.
    await box.shell(
      'dpkg -i /srv/box.deb && curl --retry 90 --retry-all-errors --retry-delay 1 -sf http://127.0.0.1:8080/healthz >&2',
    )
    await box.shell('install -d -o root -g gengfu -m 0750 /etc/gengfu/pki')
    for (const name of [`${boxId}.crt`, `${boxId}.key`, 'box-server.crt', 'box-server.key'])
      box.put(join(this.#pki, name), `etc/gengfu/pki/${name}`)
    for (const name of ['centre-ca.crt', 'devices-ca.crt'])
      box.put(join(this.#pki, 'ca.crt'), `etc/gengfu/pki/${name}`)
    box.put(publicKey, 'etc/gengfu/update.pub')
    this.#writeBoxFile()
    await box.shell(
      [
        `echo '${addresses.uplink} ${host}' >> /etc/hosts`,
        'chown -R root:gengfu /etc/gengfu',
        'chmod 0640 /etc/gengfu/gateway.yaml /etc/gengfu/update.pub /etc/gengfu/pki/*',
        'gengfu check-config --config /etc/gengfu/gateway.yaml >&2',
        'systemctl restart gengfu-gateway',
        'curl --retry 90 --retry-all-errors --retry-delay 1 -sf http://127.0.0.1:8080/healthz >&2',
      ].join('\n'),
    )
    for (const { id } of this.#options.devices) {
      const password = await box.shell(
        `runuser -u gengfu -- gengfu gateway password --config /etc/gengfu/gateway.yaml --device ${id}`,
      )
      this.credentials.set(id, { username: id, password })
    }
  }

  /** The example that the package carries, without its camera, with a plain listener for the simulated village. */
  #writeBoxFile(): void {
    const { root } = this.box
    const file = parse(readFileSync(join(root, 'usr/share/doc/gengfu/examples/gateway.yaml'), 'utf8')) as {
      mqtt: { listeners: object[] }
      cameras?: object[]
      [key: string]: unknown
    }
    delete file.cameras
    file.mqtt.listeners.push({ host: addresses.box, port: 1883 })
    file['updates'] = { url: `https://${host}:8443/releases/`, caFile: 'pki/centre-ca.crt' }
    file['commands'] = { allow: ['arm', 'siren', 'snapshot', 'burst', 'update'] }
    writeFileSync(join(root, 'etc/gengfu/gateway.yaml'), stringify(file))
  }
}
