// What adopting, replacing, forgetting and renaming make of the registry: place and history stay with the id, the hardware changes.
import { describe, expect, it } from 'vitest'
import {
  changeRegistry,
  devicesWith,
  emptyRegistry,
  lockedOutMax,
  type KnownDevice,
  type RegistryDocument,
  type RegistryPlace,
  type RegistryRequest,
} from '../../../../gateway/config/registry-changes.ts'

const by = 'fitter li'
const file = [
  { id: 'wang', kind: 'button', zone: 'wang', address: '0x00158d0001abcd01', via: 'z2m' },
  { id: 'door-1', kind: 'contact', zone: 'shop', reportIntervalS: 600 },
]

/** As the box does it: each request on what the one before left. */
function run(...requests: RegistryRequest[]): {
  document: RegistryDocument
  devices: KnownDevice[]
  refusals: string[]
} {
  let document: RegistryDocument = emptyRegistry
  const refusals: string[] = []
  for (const request of requests) {
    const place: RegistryPlace = {
      devices: devicesWith(file, document) as KnownDevice[],
      inFile: new Set(file.map(({ id }) => id)),
      idOf: (address) => address,
      knocking: ['0x00158d0007abcd07', '0x00158d0001abcd01', '0x00158d0005abcd05'],
    }
    const changed = changeRegistry(document, request, place)
    if (changed.ok) document = changed.value.document
    else refusals.push(changed.problems[0]?.message ?? '')
  }
  return { document, devices: devicesWith(file, document) as KnownDevice[], refusals }
}

const adoptDoor: RegistryRequest = {
  do: 'adopt',
  address: '0x00158d0009abcd09',
  via: 'z2m',
  by,
  entry: { kind: 'contact', zone: 'shop' },
}

describe('replace', () => {
  it('keeps place and limits of a device behind a bridge, and locks its old address out however it is written', () => {
    const { devices, document } = run({ do: 'replace', device: 'wang', address: '0x00158d0007abcd07', by })
    expect(devices[0]).toEqual({ ...file[0], address: '0x00158d0007abcd07' })
    expect(document.lockedOut).toEqual([{ address: '0x00158d0001abcd01', was: 'wang', by }])
  })

  it('gives a device that connects itself the name of its new hardware, and refuses the old name', () => {
    const { devices, document } = run({ do: 'replace', device: 'door-1', address: 'SN-4711', by })
    expect(devices[1]).toEqual({ ...file[1], connectsAs: 'SN-4711' })
    expect(document.lockedOut).toEqual([{ address: 'door-1', was: 'door-1', by }])
  })

  it('twice in a row locks both out, and putting the first one back frees it', () => {
    const first = { do: 'replace', device: 'door-1', address: 'B', by } as const
    const { document } = run(first, { ...first, address: 'C' })
    expect(document.lockedOut.map(({ address }) => address)).toEqual(['door-1', 'B'])
    const back = run(first, { ...first, address: 'door-1' })
    expect(back.document.lockedOut.map(({ address }) => address)).toEqual(['B'])
    expect(back.devices[1]).toMatchObject({ id: 'door-1', connectsAs: 'door-1' })
  })

  it('refuses hardware that is another device, the same hardware, and an unknown device', () => {
    const { refusals, document } = run(
      { do: 'replace', device: 'wang', address: 'door-1', by },
      { do: 'replace', device: 'wang', address: '00:15:8D:00:01:AB:CD:01', via: 'z2m', by },
      { do: 'replace', device: 'door-1', address: 'door-1', by },
      { do: 'replace', device: 'nobody', address: 'x', by },
    )
    expect(refusals[0]).toContain('the device "door-1"')
    expect(refusals[1]).toContain('gengfu gateway password')
    expect(refusals[2]).toContain('gengfu gateway password')
    expect(refusals[3]).toContain('no device "nobody"')
    expect(document.lockedOut).toEqual([])
  })

  it('does not take button-1 and button1 for the same hardware', () => {
    const { refusals } = run({ do: 'replace', device: 'door-1', address: 'door1', by })
    expect(refusals).toEqual([])
  })

  it('refuses one more than can be locked out', () => {
    const document = {
      ...emptyRegistry,
      lockedOut: Array.from({ length: lockedOutMax }, (_, at) => ({ address: `a${at}`, was: 'x', by })),
    }
    const place = { devices: file, inFile: new Set<string>(), idOf: String, knocking: ['n'] }
    expect(changeRegistry(document, { do: 'replace', device: 'wang', address: 'n', by }, place).ok).toBe(
      false,
    )
  })
})

describe('adopt and forget', () => {
  it('makes an entry of the address, its bridge and what was said; once', () => {
    const { devices, refusals } = run(adoptDoor, adoptDoor)
    expect(devices[2]).toEqual({
      id: '0x00158d0009abcd09',
      address: '0x00158d0009abcd09',
      via: 'z2m',
      kind: 'contact',
      zone: 'shop',
    })
    expect(refusals[0]).toContain('already')
  })

  it('admits hardware that was locked out only when it is asked for once more', () => {
    const replaced = { do: 'replace', device: 'wang', address: '0x00158d0007abcd07', by } as const
    const old = { ...adoptDoor, address: '0x00158d0001abcd01', id: 'spare' }
    const { refusals } = run(replaced, old)
    expect(refusals[0]).toContain('--again')
    const { document, devices } = run(replaced, { ...old, isAgain: true })
    expect(document.lockedOut).toEqual([])
    expect(devices[2]).toMatchObject({ id: 'spare', address: '0x00158d0001abcd01' })
  })

  it('takes a device of the file out, leaves the file alone, and takes it in again', () => {
    const { devices, document } = run({ do: 'forget', device: 'door-1', by })
    expect(devices.map(({ id }) => id)).toEqual(['wang'])
    expect(document.forgotten).toEqual(['door-1'])
    const again = run(
      { do: 'forget', device: 'door-1', by },
      { do: 'adopt', address: 'door-1', by, entry: { kind: 'contact' } },
    )
    expect(again.devices[1]).toMatchObject({ id: 'door-1', kind: 'contact', reportIntervalS: 600 })
  })

  it('refuses an address that nothing was heard from, names those that were, and believes who says how it will come', () => {
    const typo = { ...adoptDoor, address: '0x00158d0005abcd06', via: undefined }
    const { refusals, document } = run(
      typo,
      { do: 'replace', device: 'wang', address: '0x00158d0005abcd06', by },
      { ...typo, address: '00:15:8d:00:05:ab:cd:05', id: 'right' },
      { ...typo, id: 'before-it-comes', via: 'z2m' },
      { ...typo, address: 'SN-9', entry: { kind: 'contact', dialect: 'native' } },
    )
    expect(refusals).toHaveLength(2)
    for (const refusal of refusals) {
      expect(refusal).toContain('0x00158d0005abcd05')
      expect(refusal).toContain('--via BRIDGE')
    }
    expect(Object.keys(document.adopted)).toEqual(['right', 'before-it-comes', 'SN-9'])
    expect(document.adopted['SN-9']).toEqual({ id: 'SN-9', kind: 'contact' })
  })

  it('forgets an adopted device wholly', () => {
    const { document } = run(adoptDoor, { do: 'forget', device: '0x00158d0009abcd09', by })
    expect(document).toMatchObject({ adopted: {}, changed: {}, forgotten: [] })
  })

  it('gives the last word to an installer who has written an adopted device into the file', () => {
    const adopted = { 'door-1': { id: 'door-1', kind: 'leak' } }
    expect(devicesWith(file, { ...emptyRegistry, adopted })).toEqual(file)
  })
})

describe('rename', () => {
  it('changes the name alone, also of one that was adopted', () => {
    expect(run({ do: 'rename', device: 'door-1', name: '小卖部', by }).devices[1]).toEqual({
      ...file[1],
      name: '小卖部',
    })
    const { devices } = run(adoptDoor, { do: 'rename', device: '0x00158d0009abcd09', name: 'back door', by })
    expect(devices[2]).toMatchObject({ name: 'back door', kind: 'contact' })
  })
})
