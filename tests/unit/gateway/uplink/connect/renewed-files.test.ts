// Is the link made anew with a renewed certificate, and left alone while the files do not fit each other?
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { watchRenewedFiles } from '../../../../../gateway/uplink/connect/renewed-files.ts'
import { VirtualClock } from '../../../../../protocols/kit/clock.ts'
import { createAuthority } from '../../../../kits/broker/certificates.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gengfu-renewed-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

it('makes the link anew when certificate and key have changed and fit each other, and leaves it until then', async () => {
  const authority = await createAuthority('an authority')
  const [old, renewed] = [await authority.issueDevice('box-1'), await authority.issueDevice('box-1')]
  const [certFile, keyFile] = [join(folder, 'box.pem'), join(folder, 'box.key')]
  writeFileSync(certFile, old.cert)
  writeFileSync(keyFile, old.key)
  const clock = new VirtualClock()
  const lines: string[] = []
  const logger = pino({}, { write: (line: string) => void lines.push(line) })
  const reopen = vi.fn<(reason: string) => void>()
  const stop = watchRenewedFiles({ settings: { certFile, keyFile }, clock, logger, reopen })
  const lookUntil = (check: () => void): Promise<void> =>
    vi.waitFor(
      () => {
        clock.advance(2000)
        check()
      },
      { timeout: 20_000, interval: 20 },
    )
  // A first look at the files as they are.
  for (let i = 0; i < 5; i++) {
    clock.advance(2000)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  expect([lines, reopen.mock.calls]).toEqual([[], []])
  writeFileSync(certFile, `${renewed.cert}\n`)
  await lookUntil(() => expect(lines.join()).toContain('can not be used'))
  expect(reopen).not.toHaveBeenCalled()
  writeFileSync(keyFile, `${renewed.key}\n`)
  await lookUntil(() => expect(reopen).toHaveBeenCalledTimes(1))
  stop()
}, 60_000)
