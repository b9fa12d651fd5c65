// Counters of the cameras; labels are bounded by the list of cameras and of problem codes.
import { Counter, Gauge, Histogram, type Registry } from 'prom-client'

export interface CameraMetrics {
  taken: Counter<'moment' | 'source'>
  failed: Counter<'code'>
  deleted: Counter<'reason'>
  unsent: Counter<'reason'>
  looked: Counter
  eventsDropped: Counter
  processFailures: Counter
  answerSeconds: Histogram<'source'>
}

export function createCameraMetrics(
  registry: Registry,
  read: { storeBytes: () => number; offline: () => number; processes: () => number },
): CameraMetrics {
  const registers = [registry]
  const gauge = (name: string, help: string, value: () => number): void => {
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(value())
      },
    })
  }
  gauge('gengfu_camera_store_bytes', 'Bytes of stored pictures', read.storeBytes)
  gauge('gengfu_cameras_offline', 'Cameras that count as offline', read.offline)
  gauge('gengfu_camera_processes', 'ffmpeg processes running', read.processes)
  return {
    taken: new Counter({
      name: 'gengfu_camera_pictures_total',
      help: 'Pictures stored',
      labelNames: ['moment', 'source'],
      registers,
    }),
    failed: new Counter({
      name: 'gengfu_camera_failures_total',
      help: 'Pictures that could not be had, by plain reason',
      labelNames: ['code'],
      registers,
    }),
    deleted: new Counter({
      name: 'gengfu_camera_deleted_total',
      help: 'Pictures deleted, by reason',
      labelNames: ['reason'],
      registers,
    }),
    unsent: new Counter({
      name: 'gengfu_camera_unsent_total',
      help: 'Pictures deleted before the centre had all of them, by reason',
      labelNames: ['reason'],
      registers,
    }),
    looked: new Counter({
      name: 'gengfu_camera_looks_total',
      help: 'Looks at pictures by people',
      registers,
    }),
    eventsDropped: new Counter({
      name: 'gengfu_camera_events_dropped_total',
      help: 'Events of cameras beyond the bound of one camera',
      registers,
    }),
    processFailures: new Counter({
      name: 'gengfu_camera_process_failures_total',
      help: 'Times that the process which talks to the cameras died, hung or could not be started',
      registers,
    }),
    answerSeconds: new Histogram({
      name: 'gengfu_camera_answer_seconds',
      help: 'How long cameras take to answer',
      labelNames: ['source'],
      buckets: [0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10],
      registers,
    }),
  }
}
