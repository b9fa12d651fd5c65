// Drops root's rights and takes those of the service's user: root can read files that the service can not.
import { readFileSync } from 'node:fs'

const serviceUser = 'gengfu'

/** Becomes `name`, or the service's user when run as root and there is one; returns the obstacle. */
export function becomeUser(name: string | undefined): string | undefined {
  const isRoot = process.getuid?.() === 0
  const wanted = name ?? (isRoot && userExists(serviceUser) ? serviceUser : undefined)
  if (wanted === undefined || (wanted === 'root' && isRoot)) return undefined
  if (!userExists(wanted)) return `there is no user "${wanted}" 没有用户 ${wanted}`
  if (!isRoot)
    return `only root can look with the rights of "${wanted}": use sudo, or leave --as-user out 需要 root 权限`
  const groupId = groupOf(wanted)
  // Node has it; its types do not.
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
