// Wires the accounts and the stream to signed-in clients: both are informed when a session ends.
import { DeskConnectionGuard } from '../api/desk-connection-guard.ts'
import { RequestSender } from '../accounts/request-sender.ts'
import { tokenHash } from '../accounts/passwords.ts'
import { presentedToken, type EndedSessions } from '../accounts/sessions.ts'
import type { Storage } from '../storage/port.ts'
import { Stream } from '../stream/stream.ts'
import type { Base } from './base.ts'
import { openAccounts, type Accounts } from './open-accounts.ts'

export interface OpenedStream {
  accounts: Accounts
  guard: DeskConnectionGuard
  sender: RequestSender
  stream: Stream
}

export async function openStream(base: Base, storage: Storage): Promise<OpenedStream> {
  const { config, logger, clock, random, registry, parts } = base
  const accounts = await openAccounts({
    storage,
    clock,
    random,
    logger: logger.child({ part: 'accounts' }),
    registry,
    secondFactorRoles: config.accounts.secondFactorRoles,
  })
  parts.add('accounts', () => accounts.stop())
  const sender = new RequestSender({
    trustedProxies: config.http.trustedProxies,
    isTls: config.http.tls !== undefined,
  })
  const guard = new DeskConnectionGuard({ sender, clock, logger: logger.child({ part: 'desk' }), registry })
  const stream = new Stream({
    storage,
    clock,
    logger: logger.child({ part: 'stream' }),
    registry,
    find: (token) => accounts.sessions.find(token),
    presented: presentedToken,
    isOwnPage: (request) => guard.isOwnPage(request),
    addressOf: (request) => sender.addressOf(request),
    admit: (socket, holder) => guard.admit(socket, holder),
  })
  accounts.sessions.onEnded((ended) => stream.end((of) => isEnded(of, ended)))
  accounts.onChanged(() => stream.recheck())
  return { accounts, guard, sender, stream }
}

function isEnded({ token, user }: { token: string; user: string }, ended: EndedSessions): boolean {
  if ('session' in ended) return tokenHash(token).startsWith(ended.session)
  return 'token' in ended ? token === ended.token : user === ended.user
}
