// A box and its cameras, each a separate host at one switch, in network namespaces: needed for multicast and the fixed
// ports of cameras (80, 554). Needs root and iproute2.
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const run = promisify(execFile)

export interface CameraLan {
  /** Prefix of a command line that runs there; cameras in the order of their addresses. */
  wrap: { box: readonly string[]; cameras: readonly (readonly string[])[] }
  /** From now on this camera receives no multicast, like one behind a router. */
  deafen(camera: number): Promise<void>
  close(): Promise<void>
}

/** All addresses are of one /24. */
export async function createCameraLan(box: string, cameras: readonly string[]): Promise<CameraLan> {
  const mark = `gf${process.pid.toString(36)}`
  const lan = `${mark}lan`
  const undos: (() => Promise<unknown>)[] = []
  const close = async (): Promise<void> => {
    for (const undo of undos.splice(0).toReversed()) await undo()
  }
  const place = async (name: string): Promise<void> => {
    await run('ip', ['netns', 'add', name])
    undos.push(() => run('ip', ['netns', 'del', name]))
    await run('ip', ['-n', name, 'link', 'set', 'lo', 'up'])
  }
  const hosts = [box, ...cameras].map((address, i) => ({ address, name: `${mark}h${i}`, port: `port${i}` }))
  try {
    await place(lan)
    await run('ip', ['-n', lan, 'link', 'add', 'switch', 'type', 'bridge', 'mcast_snooping', '0'])
    await run('ip', ['-n', lan, 'link', 'set', 'switch', 'up'])
    for (const { address, name, port } of hosts) {
      await place(name)
      const pair = ['type', 'veth', 'peer', 'name', 'eth0', 'netns', name]
      await run('ip', ['-n', lan, 'link', 'add', port, ...pair])
      await run('ip', ['-n', lan, 'link', 'set', port, 'master', 'switch', 'up'])
      await run('ip', ['-n', name, 'addr', 'add', `${address}/24`, 'dev', 'eth0'])
      await run('ip', ['-n', name, 'link', 'set', 'eth0', 'up'])
      // A program that joins a group without naming an interface joins at its default route. The box needs none.
      if (address !== box) await run('ip', ['-n', name, 'route', 'add', '239.255.255.250', 'dev', 'eth0'])
    }
  } catch (error) {
    await close()
    throw error
  }
  const [first = [], ...others] = hosts.map(({ name }): readonly string[] => ['ip', 'netns', 'exec', name])
  return {
    wrap: { box: first, cameras: others },
    async deafen(camera) {
      const port = ['dev', `port${camera + 1}`, 'type', 'bridge_slave', 'mcast_flood', 'off']
      await run('ip', ['-n', lan, 'link', 'set', ...port])
    },
    close,
  }
}
