/** Shows where a long job stands: a bar on a terminal, a line now and then elsewhere. */
import { SingleBar } from 'cli-progress'
import type { Progress } from '../types.ts'

const LINE_EVERY_MS = 5_000

/** What is shown: `done` of `total` in `unit`. */
export interface Shown extends Pick<Progress, 'done' | 'total' | 'remainingMs'> {
  readonly title: string
  readonly unit: string
}

export interface ProgressDisplay {
  show(progress: Shown): void
  /** Removes what is shown. The next report starts afresh. */
  end(): void
}

export function progressDisplay(stream: NodeJS.WriteStream): ProgressDisplay {
  return stream.isTTY ? bars(stream) : lines(stream)
}

/** A report of the library in words. */
export function titled(progress: Progress): Shown {
  const { job, stage } = progress
  const doing = job === 'model' ? 'Loading the model' : job === 'index' ? 'Reading the index' : 'Indexing'
  return { ...progress, title: `${doing} (${stage})` }
}

function bars(stream: NodeJS.WriteStream): ProgressDisplay {
  let bar: SingleBar | undefined
  let shown = ''
  const end = () => {
    bar?.stop()
    bar = undefined
    shown = ''
  }
  return {
    show(progress) {
      const { title, done, total } = progress
      // What is finished at once, such as reading local files, is not worth a bar.
      if (total === undefined || done >= total) return end()
      if (title !== shown) {
        end()
        bar = new SingleBar({
          stream,
          clearOnComplete: true,
          format: `${title} {bar} {percentage} %{left}`,
        })
        bar.start(total, done, { left: '' })
        shown = title
      }
      bar?.setTotal(total)
      bar?.update(done, { left: timeLeft(progress) })
    },
    end,
  }
}

function lines(stream: NodeJS.WriteStream): ProgressDisplay {
  let lastMs = performance.now()
  return {
    show(progress) {
      const nowMs = performance.now()
      if (nowMs - lastMs < LINE_EVERY_MS) return
      lastMs = nowMs
      const { title, done, total, unit } = progress
      const of = total === undefined ? '' : ` of ${total.toLocaleString('en')}`
      stream.write(`${title}: ${done.toLocaleString('en')}${of} ${unit}${timeLeft(progress)}\n`)
    },
    end() {},
  }
}

function timeLeft({ remainingMs }: Shown): string {
  return remainingMs === undefined ? '' : `, ${Math.ceil(remainingMs / 1000)} s left`
}
