// The devices that benchmarks register, as a village would.

export function villageDevices(count: number): object[] {
  return [
    ...Array.from({ length: count }, (_, i) => ({ id: `bench-${i}`, kind: 'other' })),
    { id: 'bench-button', kind: 'button' },
  ]
}
