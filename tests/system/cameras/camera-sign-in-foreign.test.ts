// Is the simulated camera's check of a sign-in correct by other implementations? Our own client passes it in many
// tests; here other programs do (zeep, requests), so that both can not have the same error.
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { afterEach, expect, it } from 'vitest'
import { SimulatedCamera } from '../../../firmware-sim/camera/simulated-camera.ts'

const account = { user: 'viewer', password: 'p<w> 更夫' }
const script = new URL('../../data/camera/foreign-sign-in.py', import.meta.url).pathname
const running: SimulatedCamera[] = []

afterEach(async () => {
  for (const camera of running.splice(0)) await camera.stop()
})

async function signIn(password: string): Promise<unknown> {
  const camera = new SimulatedCamera({ account })
  await camera.start()
  running.push(camera)
  const at = (path: string): string => `http://127.0.0.1:${camera.port}${path}`
  const args = [script, at('/onvif/device_service'), at('/snapshot.jpg'), account.user, password]
  const { stdout } = await promisify(execFile)('/usr/bin/python3', args)
  return JSON.parse(stdout)
}

it('takes the token and the digest that others make of the right password, and no other', async () => {
  expect(await signIn(account.password)).toEqual({ unsigned: 400, token: 200, digest: 200 })
  expect(await signIn('wrong')).toEqual({ unsigned: 400, token: 400, digest: 401 })
}, 80_000)
