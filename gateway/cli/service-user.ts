// Changes from root to the user of the service, because root can read files that the service can not read.
import { readFileSync } from 'node:fs'

const serviceUser = 'gengfu'

/** Changes to the user `name`; without a name, root changes to the service's user if that user exists. Returns the obstacle. */
export function becomeUser(name: string | undefined): string | undefined {
  const isRoot = process.getuid?.() === 0
  const wanted = name ?? (isRoot && userExists(serviceUser) ? serviceUser : undefined)
  if (wanted === undefined || (wanted === 'root' && isRoot)) return undefined
  if (!userExists(wanted)) return `there is no user "${wanted}" 没有用户 ${wanted}`
  if (!isRoot)
    return `only root can check with the rights of "${wanted}": use sudo, or omit --as-user 需要 root 权限`
  const groupId = groupOf(wanted)
  // Node has this function, but the package of its types does not.
  const { initgroups } = process as { initgroups?: (user: string, groupId: number) => void }
  initgroups?.(wanted, groupId)
  process.setgid?.(groupId)
  process.setuid?.(wanted)
  return undefined
}

function lineOf(user: string): string | undefined {
  return readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((line) => line.startsWith(`${user}:`))
}

const userExists = (user: string): boolean => lineOf(user) !== undefined
const groupOf = (user: string): number => Number(lineOf(user)?.split(':')[3])
