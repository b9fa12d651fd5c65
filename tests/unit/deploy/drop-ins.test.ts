// Question: do the drop-ins for a serial adapter and for a sound card open the devices for the shipped unit, and are they on their pages?
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const read = (path: string): string => readFileSync(join(root, path), 'utf8')

const dropIns = [
  { name: 'serial-adapter', group: 'dialout', page: 'devices' },
  { name: 'sound-card', group: 'audio', page: 'outlets' },
]

it.each(dropIns)(
  '$name.conf opens the devices of the unit, loses no line, and is in both languages of its page',
  ({ name, group, page }) => {
    const folder = mkdtempSync(join(tmpdir(), 'gengfu-drop-in-'))
    const unit = join(folder, 'gengfu-gateway.service')
    const dropIn = join(folder, 'gengfu-gateway.service.d', `${name}.conf`)
    try {
      mkdirSync(dirname(dropIn))
      writeFileSync(unit, read('deploy/box/gengfu-gateway.service'))
      const analyze = (...args: string[]) =>
        spawnSync('systemd-analyze', [...args, unit], { encoding: 'utf8' })
      /** Without systemd-analyze there is no output. */
      const isHidden = (): boolean | undefined => {
        const { stdout } = analyze('security', '--offline=true', '--json=short')
        if (stdout === null) return undefined
        const found = JSON.parse(stdout) as { name: string; set: boolean }[]
        return found.find(({ name }) => name === 'PrivateDevices=')?.set
      }
      expect(isHidden()).not.toBe(false)
      writeFileSync(dropIn, read(`deploy/box/${name}.conf`))
      expect(analyze('verify').stderr ?? '').not.toMatch(/ignoring|Invalid|Unknown/)
      expect(isHidden()).not.toBe(true)
      expect(read(`deploy/box/${name}.conf`)).toContain(
        `\nPrivateDevices=false\nSupplementaryGroups=${group}\n`,
      )
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
    for (const file of [`docs/${page}.md`, `docs/${page}.zh.md`])
      expect(read(file)).toContain(
        `install -D -m 0644 deploy/box/${name}.conf /etc/systemd/system/gengfu-gateway.service.d/${name}.conf`,
      )
  },
)
