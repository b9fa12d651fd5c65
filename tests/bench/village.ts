// The devices that benchmarks register, like a village.

export function villageDevices(count: number): object[] {
  return [
    ...Array.from({ length: count }, (_, i) => ({ id: `bench-${i}`, kind: 'other' })),
    { id: 'bench-button', kind: 'button' },
  ]
}
