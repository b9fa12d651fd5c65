// Question: does the drop-in for a serial adapter open the devices for the shipped unit, and is it on the page of devices?
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const read = (path: string): string => readFileSync(join(root, path), 'utf8')

it('the drop-in for a serial adapter opens the devices of the unit, loses no line, and is in both languages of the page', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gengfu-serial-'))
  const unit = join(folder, 'gengfu-gateway.service')
  const dropIn = join(folder, 'gengfu-gateway.service.d', 'serial-adapter.conf')
  try {
    mkdirSync(dirname(dropIn))
    writeFileSync(unit, read('deploy/box/gengfu-gateway.service'))
    const analyze = (...args: string[]) => spawnSync('systemd-analyze', [...args, unit], { encoding: 'utf8' })
    /** Without systemd-analyze there is no output. */
    const isHidden = (): boolean | undefined => {
      const { stdout } = analyze('security', '--offline=true', '--json=short')
      if (stdout === null) return undefined
      const found = JSON.parse(stdout) as { name: string; set: boolean }[]
      return found.find(({ name }) => name === 'PrivateDevices=')?.set
    }
    expect(isHidden()).not.toBe(false)
    writeFileSync(dropIn, read('deploy/box/serial-adapter.conf'))
    expect(analyze('verify').stderr ?? '').not.toMatch(/ignoring|Invalid|Unknown/)
    expect(isHidden()).not.toBe(true)
    expect(read('deploy/box/serial-adapter.conf')).toMatch(
      /^PrivateDevices=false\nSupplementaryGroups=dialout$/m,
    )
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  for (const page of ['docs/devices.md', 'docs/devices.zh.md'])
    expect(read(page)).toContain(
      'install -D -m 0644 deploy/box/serial-adapter.conf /etc/systemd/system/gengfu-gateway.service.d/serial-adapter.conf',
    )
})
