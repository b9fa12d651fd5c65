// The texts of the centre's own alarms about a box: it is silent, it is at two places, its certificate expires.
import type { BilingualText } from '../../protocols/domain/alarm.ts'
import type { OwnWords } from './own-alarms.ts'

export const boxSilentWords = (name: string): OwnWords => ({
  colour: 'orange',
  text: {
    zh: `网关“${name}”已超过 3 分钟没有消息。该村的报警此刻可能送不到这里：请电话联系村值班员，检查供电和网络。`,
    en: `Box “${name}” has not been heard for 3 minutes. Alarms of this village may not reach you now: call the village's watch, check its power and network.`,
  },
})

export const boxNotKeepingWords = (name: string): OwnWords => ({
  colour: 'orange',
  text: {
    zh: `网关“${name}”的存储拒绝写入：警号、灯照常动作，呼救照常上送，但断电会丢失未上送的内容。请尽快更换存储卡。`,
    en: `The storage of box “${name}” refuses writes: sirens and lamps still act and calls still go up, but a power cut loses what has not gone up. Replace the card soon.`,
  },
})

export const boxOverLimitWords = (name: string, over: 'rate' | 'disk'): OwnWords => ({
  colour: 'orange',
  text: {
    zh: `网关“${name}”上送的记录超出${over === 'disk' ? '磁盘配额' : '限额'}：红、橙照常接收，其余暂缓、由网关保留。请与村里核实：设备故障刷屏，或证书被盗用。`,
    en: `Box “${name}” sends more records than its share${over === 'disk' ? ' of the disk' : ''}: red and orange are stored as ever, the rest is put off and kept by the box. Ask the village: a device may be flooding, or its certificate may be stolen.`,
  },
})

export const boxDoubledWords = (name: string, places: readonly string[]): OwnWords => ({
  colour: 'orange',
  text: {
    zh: `网关“${name}”同时在两处连接（${places.join('、')}）：证书或密码可能被盗用，或存储卡被复制。请与村里核实；其中一台须停用，并吊销其证书。`,
    en: `Box “${name}” connects from two places at once (${places.join('; ')}): its certificate or password may be stolen, or its card copied. Ask the village which one is theirs, switch the other off and revoke its certificate.`,
  },
})

export const centreRewoundWords = (name: string): OwnWords => ({
  colour: 'orange',
  text: {
    zh: `中心的数据比网关得到的回执旧（例如“${name}”）：恢复过旧备份、换过磁盘，或该网关曾属于另一中心。网关正在重送；期间在中心做过的处置和账号改动已丢失，请核对。`,
    en: `The centre has less than it had confirmed to boxes, such as “${name}”: an older backup or disk is in use, or the box belonged to another centre. Boxes send again; what people did here since then is lost: check cases and accounts.`,
  },
})

export function centreClockOffWords(name: string, offMs: number): OwnWords {
  const minutes = Math.round(Math.abs(offMs) / 60_000)
  return {
    colour: 'yellow',
    text: {
      zh: `中心的时钟比网关“${name}”（已对时）${offMs > 0 ? '快' : '慢'} ${minutes} 分钟，且无人校准：请在中心启用对时（NTP）。`,
      en: `The centre's clock is ${minutes} min ${offMs > 0 ? 'ahead of' : 'behind'} that of box “${name}”, which is kept, and nothing keeps the centre's: set up NTP at the centre.`,
    },
  }
}

export const outletFailedWords = (name: string, receiverWords: string): OwnWords => ({
  colour: 'orange',
  text: {
    zh: `出口“${name}”未能送达：${receiverWords}。请立即电话告知接收方，再检查线路。`,
    en: `Outlet “${name}” does not hand over: ${receiverWords}. Telephone the receiver now, then check the line.`,
  },
})

export const outletSilentWords = (name: string, receiverWords: string): OwnWords => ({
  colour: 'orange',
  text: {
    zh: `出口“${name}”的接收方无应答：${receiverWords}。请电话核实对方是否收到。`,
    en: `The receiver of outlet “${name}” does not answer: ${receiverWords}. Ask by telephone whether it has what was sent.`,
  },
})

/** `endsAtMs` is shown as a date in UTC, so that the text is the same at every desk. */
export function certificateWords(use: BilingualText, endsAtMs: number, nowMs: number): OwnWords {
  const date = new Date(endsAtMs).toISOString().slice(0, 10)
  const isOver = endsAtMs <= nowMs
  return {
    colour: 'blue',
    text: {
      zh: `${use.zh}的证书${isOver ? '已' : '将'}于 ${date} 到期：请换发新证书，放入原文件即可，无需重启。`,
      en: `The certificate of ${use.en} ${isOver ? 'ended' : 'ends'} on ${date}: issue a new one and put it into the same file; no restart is needed.`,
    },
  }
}
