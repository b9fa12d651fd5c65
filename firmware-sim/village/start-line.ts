// The first line of a simulation in a terminal: which box, how many devices, how it ends.
export interface SimulationStart {
  url: string
  devices: number
  /** Behind this bridge, in the words of this dialect. */
  behind?: { bridge: string; dialect: string }
  forSeconds?: number | undefined
}

export function startLine({ url, devices, behind, forSeconds }: SimulationStart): string {
  const { host } = new URL(url)
  const way = behind === undefined ? '' : ` behind 网桥 ${behind.bridge} (${behind.dialect})`
  const end =
    forSeconds === undefined ? 'stop with Ctrl-C 按 Ctrl-C 停止' : `for ${forSeconds} s 运行 ${forSeconds} 秒`
  return `box 网关 ${host}, ${devices} devices 台设备${way}: ${end}`
}
