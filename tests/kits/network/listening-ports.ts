// What a program and its children listen on, from the kernel's own tables: `ss -ltnp` and `ss -lunp` without the program.
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

export interface Listening {
  protocol: 'tcp' | 'udp'
  port: number
  isLoopback: boolean
}

export function listeningOf(pids: readonly number[]): Listening[] {
  const inodes = new Set(pids.flatMap(withChildren).flatMap(socketsOf))
  const found = (['tcp', 'tcp6', 'udp', 'udp6'] as const).flatMap((table) =>
    rowsOf(`/proc/net/${table}`)
      // 0A: LISTEN. A UDP socket without a peer (07) takes packets of everybody.
      .filter(([, , state, inode]) => state === (table.startsWith('tcp') ? '0A' : '07') && inodes.has(inode))
      .map(([address, port]) => ({
        protocol: table.startsWith('tcp') ? ('tcp' as const) : ('udp' as const),
        port,
        isLoopback: address === '0100007F' || address === '00000000000000000000000001000000',
      })),
  )
  return found.toSorted((a, b) => a.port - b.port)
}

function rowsOf(file: string): [address: string, port: number, state: string, inode: string][] {
  return readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => {
      const [, local = '', , state = '', , , , , , inode = ''] = line.trim().split(/\s+/)
      const [address = '', port = ''] = local.split(':')
      return [address, Number.parseInt(port, 16), state, inode]
    })
}

function withChildren(pid: number): number[] {
  try {
    const own = readdirSync(`/proc/${pid}/task`).flatMap((task) =>
      readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8')
        .trim()
        .split(' ')
        .filter((text) => text !== '')
        .map((text) => Number.parseInt(text, 10)),
    )
    return [pid, ...own.flatMap(withChildren)]
  } catch {
    return []
  }
}

function socketsOf(pid: number): string[] {
  const links = readdirSync(`/proc/${pid}/fd`).map((name) => {
    try {
      return readlinkSync(`/proc/${pid}/fd/${name}`)
    } catch {
      return ''
    }
  })
  return links.flatMap((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1] ?? [])
}
