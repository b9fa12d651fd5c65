// Can an installer set up a camera from the box's console and by hand, and does its password appear nowhere at all?
import { execFile } from 'node:child_process'
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { SimulatedCamera } from '../../../firmware-sim/camera/simulated-camera.ts'
import type { HealthAnswer } from '../../../protocols/console/api.ts'
import { createTown, type Program, type TestTown } from '../../kits/system/programs.ts'
import { builtCommand } from '../../kits/system/require-build.ts'

const account = { user: 'installer-6174', password: 'Zw0lf%6174:x' }
// Outside the data folder, as the store requires.
const keyFile = join(tmpdir(), `gengfu-camera-console-${process.pid}.key`)
const command = builtCommand()
let camera: SimulatedCamera
let town: TestTown
let gateway: Program
/** All output that a person could read. */
const shown: string[] = []

beforeAll(async () => {
  camera = new SimulatedCamera({ account, auth: 'digest' })
  await camera.start()
  const one = { host: '127.0.0.1', port: camera.port, zone: 'bridge', ringSeconds: 0, healthSeconds: 3600 }
  town = await createTown({ cameras: [{ id: 'cam-1', name: '桥头', ...one }], pictures: { keyFile } })
  gateway = await town.startGateway()
})
afterAll(async () => {
  await town.close()
  await camera.stop()
  rmSync(keyFile, { force: true })
})

const url = (path: string): string => `http://127.0.0.1:${town.ports.console}${path}`

async function post(
  path: string,
  body: object,
  headers: Record<string, string> = {},
): Promise<[number, string]> {
  const answer = await fetch(url(path), {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  })
  const text = await answer.text()
  shown.push(text)
  return [answer.status, text]
}

const health = async (): Promise<HealthAnswer> => {
  const text = await (await fetch(url('/api/v1/health'))).text()
  shown.push(text)
  return JSON.parse(text) as HealthAnswer
}

function run(...args: string[]): Promise<{ code: number; text: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [command, ...args], (error, out, err) => {
      shown.push(out, err)
      resolve({ code: error ? Number(error.code) : 0, text: out + err })
    })
  })
}

it('takes a picture on demand once the camera has its password, says why not before, and logs each look', async () => {
  const [before, why] = await post('/api/v1/cameras/cam-1/snapshot', { by: '李' })
  expect([before, JSON.parse(why)]).toMatchObject([502, { ok: false, reason: { code: 'no-password' } }])
  expect((await health()).cameras).toMatchObject([{ id: 'cam-1', name: '桥头', problemCode: 'no-password' }])
  const [wrong] = await post('/api/v1/cameras/cam-1/password', {
    by: '李',
    user: account.user,
    password: 6174,
  })
  expect(wrong).toBe(400)
  const [kept] = await post('/api/v1/cameras/cam-1/password', { by: '李', ...account })
  expect(kept).toBe(200)
  const [status, text] = await post('/api/v1/cameras/cam-1/snapshot', { by: '李' })
  expect([status, text]).toEqual([200, expect.stringContaining('"source":"http"')])
  expect((await health()).cameras).toMatchObject([
    { state: 'up-with-auth', picture: 'good', maker: 'Gengfu' },
  ])
  const { id } = (JSON.parse(text) as { snapshot: { id: string } }).snapshot
  const look = (query: string, headers = {}): Promise<Response> =>
    fetch(url(`/api/v1/snapshots/${id}/full${query}`), { headers })
  expect((await look('')).status).toBe(404)
  expect((await look('?who=x', { 'sec-fetch-site': 'cross-site' })).status).toBe(403)
  const picture = await look(`?who=${encodeURIComponent('王')}`)
  expect(
    Buffer.from(await picture.arrayBuffer())
      .subarray(0, 2)
      .toString('hex'),
  ).toBe('ffd8')
  const looks = readFileSync(join(town.folder, 'gateway/pictures/looks.jsonl'), 'utf8').trim().split('\n')
  expect(looks.map((line) => JSON.parse(line) as unknown)).toMatchObject([
    { who: '王', via: 'console', snapshot: id },
  ])
})

it('refuses pages of others, unknown cameras and unknown verbs', async () => {
  const body = { by: 'x' }
  expect((await post('/api/v1/cameras/cam-1/snapshot', body, { origin: 'http://evil.example' }))[0]).toBe(403)
  expect((await post('/api/v1/cameras/cam-2/snapshot', body))[0]).toBe(404)
  expect((await post('/api/v1/cameras/cam-1/explode', body))[0]).toBe(404)
  expect((await post('/api/v1/cameras/cam-1/snapshot', {}))[0]).toBe(400)
})

it('shows the password in no answer, log, metric, file, environment or command line, of the gateway or by hand', async () => {
  const passwordFile = join(town.folder, 'secret')
  writeFileSync(passwordFile, `${account.password}\n`)
  const out = join(town.folder, 'picture.jpg')
  const address = ['--host', '127.0.0.1', '--port', String(camera.port)]
  const signIn = ['--user', account.user, '--password-file', passwordFile, '--out', out]
  const processes = watchProcesses()
  camera.knobs.hasNoSnapshot = true
  const [status, text] = await post('/api/v1/cameras/cam-1/snapshot', { by: '李' })
  expect([status, text]).toEqual([200, expect.stringContaining('"source":"rtsp"')])
  expect(await run('camera', 'snapshot', ...address, ...signIn)).toMatchObject({ code: 0 })
  expect(readFileSync(out).subarray(0, 2).toString('hex')).toBe('ffd8')
  camera.knobs.hasWrongAuth = true
  const refused = await run('camera', 'snapshot', ...address, ...signIn)
  expect([refused.code, refused.text]).toEqual([1, expect.stringContaining('wrong user or password')])
  await post('/api/v1/cameras/cam-1/snapshot', { by: '李' })
  await run('check-config', '--config', town.gatewayFile)
  const check = await run('check', '--config', town.gatewayFile)
  expect(check.text).toContain('camera 桥头: wrong user or password')
  await health()
  shown.push(await (await fetch(url('/metrics'))).text(), ...gateway.log.map((line) => JSON.stringify(line)))
  shown.push(...gateway.errors, ...processes.stop(), ...(await filesOf(join(town.folder, 'gateway'))))
  const all = shown.join('\n')
  const basic = Buffer.from(`${account.user}:${account.password}`).toString('base64')
  for (const secret of [account.password, encodeURIComponent(account.password), 'Zw0lf', basic, 'response="'])
    expect(all.includes(secret)).toBe(false)
  // The twins: the search finds a planted value, and ffmpeg was running.
  expect(all.includes('cam-1')).toBe(true)
  expect(all).toMatch(/ffmpeg[^\n]*concat/)
}, 80_000)

/** Command lines and environments of all processes below this one or the gateway, checked all the time. */
function watchProcesses(): { stop: () => string[] } {
  const seen = new Set<string>()
  const look = (): void => {
    for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
      try {
        const parent = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ')[1] ?? ''
        const grand = readFileSync(`/proc/${parent}/stat`, 'utf8').split(') ')[1]?.split(' ')[1] ?? ''
        if (![parent, grand].some((one) => one === String(process.pid) || one === String(gateway.pid)))
          continue
        for (const name of ['cmdline', 'environ'])
          seen.add(readFileSync(`/proc/${pid}/${name}`, 'utf8').replaceAll('\0', ' '))
      } catch {
        // Ended while we looked.
      }
    }
  }
  const timer = setInterval(look, 10)
  return {
    stop: () => {
      clearInterval(timer)
      return [...seen]
    },
  }
}

async function filesOf(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  return entries
    .filter((one) => one.isFile())
    .map((one) => `${one.name}\n${readFileSync(join(one.parentPath, one.name), 'latin1')}`)
}
