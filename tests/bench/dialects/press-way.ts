// One way by which a press comes to the box: what it needs in the box's configuration, and how a press is sent by it.

export interface WayConfig {
  bridges: object[]
  devices: object[]
}

export interface PressWay {
  name: string
  config: WayConfig
  /** Presses, each of which raises an alarm, before the first one that is measured. */
  warmUp: number
  /** The kind of the alarm that a press raises. */
  kind: 'sos' | 'water'
  /** Once the box listens. */
  open(mqttPort: number): Promise<void>
  /** Resolves when the next press can be sent, with what sends it. */
  ready(): Promise<() => void>
  close(): Promise<void>
}
