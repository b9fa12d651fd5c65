// Question: does a person who types exactly the commands of the handbook get a centre and a box that are connected?
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'gengfu-handbook-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** The commands of the first sections of a page; blocks with a language are examples. */
function commandsOf(page: string, sections: number): string {
  const text = readFileSync(join(root, 'docs', page), 'utf8')
  const parts = text.split(/^## /m).slice(1, sections + 1)
  expect(parts).toHaveLength(sections)
  const blocks = [...parts.join('\n').matchAll(/^```([a-z]*)\n([\s\S]*?)^```$/gm)]
  return blocks.flatMap(([, language, body = '']) => (language === '' ? [body] : [])).join('\n')
}

function runInRoot(name: string, commands: string): { code: number | null; said: string } {
  const file = join(folder, name)
  writeFileSync(file, commands)
  const kit = join(root, 'tests/kits/system/handbook-root.sh')
  const args = ['-mnpf', '--mount-proc', '--propagation', 'private', 'bash', kit, root, file]
  const { status, stdout, stderr } = spawnSync('unshare', args, { encoding: 'utf8' })
  return { code: status, said: stdout + stderr }
}

const linked = `
for i in $(seq 300); do gengfu check --config /etc/gengfu/gateway.yaml > /tmp/check 2>&1 || true; grep -q 'linked to the centre' /tmp/check && ! grep -q 'not linked' /tmp/check && break; sleep 0.2; done
cat /tmp/check
{ gengfu check --config /etc/gengfu/gateway.yaml || true; } | head -1 > /dev/null
`

const pages = (language: string): string =>
  [commandsOf(`running-a-centre${language}.md`, 1), commandsOf(`installing-a-box${language}.md`, 4)].join(
    '\n',
  )

describe('the handbook', () => {
  it('leads to a centre and a box that are linked, with a person and a device', () => {
    // The handbook's edits of the file: here both programs run on one machine.
    const commands = pages('').replace(
      /^cp deploy\/box\/gateway.yaml .*$/m,
      "$&\nsed -i 's/port: 8883$/port: 8884/' /etc/gengfu/gateway.yaml",
    )
    // Then a backup and a restore of the centre, and a box whose data are lost, by the page on operations.
    const operations = commandsOf('operations.md', 1).replace(
      /^tar -C \/ -xzf/m,
      'systemctl stop gengfu-gateway\nrm -r /etc/gengfu/gateway.yaml /var/lib/gengfu\n$&',
    )
    const lives = [
      commands + linked,
      'find /var/lib/gengfu-centre /var/lib/gengfu -not -user gengfu',
      `cd "$(mktemp -d -p "$work")"\n${operations}`,
      'find /var/lib/gengfu-centre /var/lib/gengfu /var/backups/gengfu -not -user gengfu',
      `systemctl start gengfu-gateway\n${linked}`,
      'grep -c button-001 /var/lib/gengfu/passwords | sed "s/^/passwords: /"',
    ]
    const { code, said } = runInRoot('whole', lives.join('\n'))
    expect({ code, said }).toMatchObject({ code: 0 })
    expect(said.match(/: good 没有问题/g)).toHaveLength(3)
    expect(said.match(/✓ linked to the centre/g)).toHaveLength(2)
    expect(said).toMatch(/✓ 已恢复/)
    expect(said).toContain('passwords: 1')
    // What root ran beside the services can be opened by them.
    expect(said).not.toMatch(/^\/var\/.*\//m)
    expect(said).toContain('"status":"ok"')
    expect(said).not.toMatch(/EPIPE|at .*\(node:/)
  }, 300_000)

  it('gives the same commands in both languages', () => {
    const bare = (text: string): string[] =>
      text
        .split('\n')
        .map((line) => line.replace(/\s+#.*$/, '').replace(/^git clone \S+/, 'git clone'))
        .map((line) => line.replace(/(echo ')[^']*'/, "$1'"))
    const operations = (language: string): string => commandsOf(`operations${language}.md`, 1)
    expect(bare(pages('.zh') + operations('.zh'))).toEqual(bare(pages('') + operations('')))
  })
})
