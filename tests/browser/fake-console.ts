// A gateway's console for page tests: serves the page and one HealthAnswer, and stops answering on request.
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { DevicesAnswer, HealthAnswer } from '../../protocols/console/api.ts'
import type { OutletSummary } from '../../protocols/desk/outlets.ts'
import { servePage } from './serve-page.ts'

const noDevices: DevicesAnswer = {
  v: 1,
  devices: [],
  knocking: [],
  lockedOut: [],
  forgotten: [],
  kinds: ['button', 'contact', 'other'],
  zones: [{ id: 'wang', name: '王家' }],
  bridges: [],
  canChange: true,
}

export class FakeConsole {
  health: HealthAnswer
  isDown = false
  /** Bodies of the camera requests, and their answers. */
  readonly asked: [path: string, body: string][] = []
  cameraAnswer: object = { ok: true }
  devices: DevicesAnswer = noDevices
  outlets: OutletSummary[] = []
  /** Who is signed in; absent: a person at the box itself. */
  me: { name: string; role: 'installer' | 'maintainer' } | undefined
  /** Further answers by path; `starting` requests of each are cut off first, as while the box starts anew. */
  readonly more = new Map<string, { answer: object; starting: number }>()
  /** Requests for the set-up, answered when the test says so. */
  readonly setupAsked: (() => void)[] = []
  #server: Server

  constructor(pages: string, health: HealthAnswer) {
    this.health = health
    this.#server = createServer((request, response) => {
      const path = new URL(request.url ?? '/', 'http://box').pathname
      const more = this.more.get(path)
      if (path === '/api/v1/session')
        response.setHeader('content-type', 'application/json').end(
          JSON.stringify({
            v: 1,
            box: this.health.box.name,
            isClaimed: true,
            isLocal: this.me === undefined,
            ...(this.me === undefined ? {} : { me: this.me }),
          }),
        )
      else if (more) {
        if (more.starting-- > 0) request.socket.destroy()
        else response.setHeader('content-type', 'application/json').end(JSON.stringify(more.answer))
      } else if (path === '/api/v1/setup')
        this.setupAsked.push(() =>
          response.setHeader('content-type', 'application/json').end(JSON.stringify({ isFinished: false })),
        )
      else if (path === '/api/v1/devices')
        response.setHeader('content-type', 'application/json').end(JSON.stringify(this.devices))
      else if (path === '/api/v1/outlets')
        response
          .setHeader('content-type', 'application/json')
          .end(JSON.stringify({ v: 1, outlets: this.outlets }))
      else if (request.method === 'POST') {
        request.setEncoding('utf8').on('data', (body: string) => this.asked.push([path, body]))
        request.on('end', () => response.end(JSON.stringify(this.cameraAnswer)))
      } else if (path !== '/api/v1/health') void servePage(pages, path, response)
      else if (this.isDown) request.socket.destroy()
      else response.setHeader('content-type', 'application/json').end(JSON.stringify(this.health))
    })
  }

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise<void>((resolve) => this.#server.close(() => resolve()))
  }
}

/** A box that is well, with one of everything on the page. */
export function makeHealth(): HealthAnswer {
  const idle = { last: 12, receipted: 12 }
  return {
    v: 1,
    box: {
      id: '320612104201-1',
      name: '上河村',
      village: '320612104201',
      version: '0.1.0',
      boot: 7,
      sinceBootMs: 93_784_000,
    },
    clock: { quality: 'synced', atMs: Date.UTC(2026, 10, 22, 11, 0, 0), offsetMs: 120 },
    link: {
      state: 'connected',
      forMs: 3_600_000,
      url: 'mqtts://centre.example:8883',
      lastReceiptAgoMs: 4000,
      roundTripMs: 42,
      bytesPerSecond: 64_000,
    },
    lanes: {
      red: idle,
      orange: idle,
      yellow: idle,
      blue: idle,
      routine: { last: 5400, receipted: 5388, oldestWaitingMs: 2500 },
      picture: { last: 0, receipted: 0 },
    },
    devices: {
      known: 4,
      present: 2,
      list: [
        {
          id: 'gauge-creek',
          name: '南溪水位计',
          kind: 'water',
          zone: 'creek',
          zoneName: '南溪',
          presence: 'silent',
          lastHeardAgoMs: 8_000_000,
        },
        { id: 'door-hall', kind: 'contact', presence: 'unknown' },
        {
          id: 'sos-li',
          name: '李大爷床头按钮',
          kind: 'button',
          zone: 'east',
          zoneName: '李大爷家',
          presence: 'present',
          lastHeardAgoMs: 30_000,
          batteryPercent: 18,
          signalDbm: -71,
          repeats: 4,
          refused: 2,
        },
        { id: 'smoke-wang', kind: 'smoke', presence: 'present', lastHeardAgoMs: 61_000, batteryPercent: 92 },
      ],
    },
    cameras: [
      { id: 'cam-1', name: '桥头', zone: 'bridge', state: 'up-with-auth', picture: 'good', isOffline: false },
      {
        id: 'cam-2',
        name: '仓库',
        zone: 'store',
        state: 'unreachable',
        picture: 'unknown',
        isOffline: true,
        problem: { zh: '摄像机没有应答', en: 'the camera does not answer' },
        problemCode: 'no-answer',
      },
    ],
    alarms: {
      count: 1,
      list: [
        {
          id: '1-9',
          device: 'gauge-creek',
          kind: 'device-silent',
          colour: 'yellow',
          latchedColour: 'yellow',
          state: 'unacknowledged',
          occurrences: 2,
          zone: 'creek',
          place: { device: '南溪水位计', zone: '南溪' },
          text: { zh: '水位计失联。', en: 'The gauge is silent.' },
          raisedAgoMs: 7_000_000,
        },
      ],
    },
    guard: {
      zones: [
        { id: 'hall', name: '祠堂', isArmed: true, by: 'desk li', forMs: 3_600_000 },
        { id: 'store', name: '仓库', isArmed: false, by: 'default' },
      ],
      bypassed: [{ id: 'door-hall', name: '祠堂门', by: 'li', leftMs: 1_200_000 }],
      maintenance: [{ id: 'box', by: 'fitter', leftMs: 600_000 }],
      shelved: [{ id: '1-9', name: '南溪水位计', by: 'li', leftMs: 1_800_000 }],
    },
    quarantine: {
      count: 3,
      latest: [
        {
          agoMs: 65_000,
          topic: 'gengfu/v1/sos-li/event',
          bytes: 19,
          problem: 'not JSON',
          excerpt: '<script>alert(1)</s',
        },
      ],
    },
    disk: { freeBytes: 5_400_000_000, totalBytes: 16_000_000_000 },
    journal: {
      epoch: 'ab12cd34ef',
      sizeBytes: 48_000_000,
      records: 61_234,
      state: 'sound',
      droppedRecords: 0,
      lastCommitAgoMs: 900,
    },
    process: { uptimeMs: 90_000_000, residentBytes: 84_000_000, nodeVersion: 'v20.20.2' },
  }
}
