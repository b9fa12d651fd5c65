// E-mail by SMTP: red at once, the others collected into one.
import { readFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { createTransport, type SendMailOptions } from 'nodemailer'
import { guidanceOf } from '../../../platform/outlets/words.ts'
import type { MailSettings } from '../../config/outlets/mail-settings.ts'
import type { OutletMessage } from '../../../platform/outlets/message.ts'
import type { Outlet } from '../../../platform/outlets/port.ts'

export interface MailOptions {
  settings: MailSettings
  textOf: (message: OutletMessage) => string
}

/** Messages in one e-mail; the rest follow in the next. */
const batchMax = 100
const subjectCharsMax = 120

const subjects = {
  zh: (count: number): string => `更夫：${count} 条消息`,
  en: (count: number): string => `Gengfu: ${count} messages`,
}

export function mailOf(
  messages: readonly OutletMessage[],
  { settings, textOf }: MailOptions,
): SendMailOptions {
  const { from, to, language } = settings
  const [first] = messages
  const lines = messages.map((message) => {
    const parts = [textOf(message), guidanceOf(message, language), message.pictureUrl]
    return parts.filter((part) => part !== undefined).join('\n')
  })
  const subject = first && messages.length === 1 ? textOf(first) : subjects[language](messages.length)
  return {
    from,
    to,
    subject: subject.slice(0, subjectCharsMax),
    text: `${lines.join('\n\n')}\n`,
    // The same at every attempt of the same messages: a mailbox recognises what comes twice.
    messageId: `<${first?.id ?? 'none'}.${messages.length}@gengfu>`,
    headers: {
      'X-Gengfu-Ids': messages.map(({ id }) => id).join(' '),
      'Auto-Submitted': 'auto-generated',
      ...(first?.colour === 'red' ? { Importance: 'high' } : {}),
    },
    // Text alone: no file and no address is read for it.
    disableFileAccess: true,
    disableUrlAccess: true,
  }
}

export function createMailOutlet(options: MailOptions): Outlet {
  const { settings } = options
  const { host, port, security, user, passwordFile, caFile, timeoutSeconds } = settings
  const timeoutMs = timeoutSeconds * 1000

  /** The connection is ours, so that it can be ended: nodemailer's own close waits for a server that says nothing. */
  function transport(opened: (socket: Socket) => void) {
    const pass = passwordFile === undefined ? undefined : readFileSync(passwordFile, 'utf8').trim()
    return createTransport({
      host,
      port,
      secure: security === 'tls',
      requireTLS: security === 'starttls',
      ignoreTLS: security === 'none',
      ...(user === undefined || pass === undefined ? {} : { auth: { user, pass } }),
      ...(caFile === undefined ? {} : { tls: { ca: readFileSync(caFile) } }),
      getSocket: (_options, done) => {
        const socket = connect({ host, port })
        opened(socket)
        const failed = (error: Error): void => done(error, undefined)
        socket.once('error', failed)
        socket.once('connect', () => {
          socket.off('error', failed)
          done(null, { connection: socket })
        })
      },
      connectionTimeout: timeoutMs,
      greetingTimeout: timeoutMs,
      socketTimeout: timeoutMs,
    })
  }

  return {
    batchMax,
    groupMs: settings.groupMinutes * 60_000,
    preview: async (messages) => {
      const written = createTransport({ streamTransport: true, buffer: true })
      const { message } = await written.sendMail(mailOf(messages, options))
      return Buffer.isBuffer(message) ? message.toString('utf8') : ''
    },
    send: async (messages, signal) => {
      let socket: Socket | undefined
      const smtp = transport((one) => (socket = one))
      const stop = (): void => void socket?.destroy(new Error('ended'))
      signal.addEventListener('abort', stop, { once: true })
      try {
        const { response, rejected } = await smtp.sendMail(mailOf(messages, options))
        const refused =
          rejected.length === 0 ? '' : `; refused: ${rejected.length} of ${settings.to.length} addresses`
        return { state: 'handed-over', words: `${response}${refused}` }
      } finally {
        signal.removeEventListener('abort', stop)
        smtp.close()
        socket?.destroy()
      }
    },
  }
}
