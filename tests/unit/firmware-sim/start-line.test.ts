// Does the first line of a simulation say which box, how many devices, and how it ends?
import { expect, test } from 'vitest'
import { startLine } from '../../../firmware-sim/village/start-line.ts'

test('names the box without a password in its address, the devices and the end', () => {
  expect(startLine({ url: 'mqtt://user:secret@10.0.0.5:1883', devices: 20 })).toBe(
    'box 网关 10.0.0.5:1883, 20 devices 台设备: stop with Ctrl-C 按 Ctrl-C 停止',
  )
  const behind = { bridge: 'z2m', dialect: 'zigbee2mqtt' }
  expect(startLine({ url: 'mqtt://box:1883', devices: 3, behind, forSeconds: 60 })).toBe(
    'box 网关 box:1883, 3 devices 台设备 behind 网桥 z2m (zigbee2mqtt): for 60 s 运行 60 秒',
  )
})
