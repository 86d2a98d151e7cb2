import { type DestinationStream, pino } from 'pino';
import { prettyFactory } from 'pino-pretty';

/** More than this waiting for a reader that reads nothing, and lines are dropped: a log must not eat the memory. */
const MOST_BUFFERED = 16 * 1024 * 1024;

export interface LogOutput extends DestinationStream {
  /** Writes what is buffered, at once. For the last words of a process. */
  flush(): void;
  /** Lines dropped because nobody read the output. */
  dropped(): number;
}

/**
 * Lines to a file descriptor, written in the background so that a slow terminal or pipe does not hold up the
 * event loop. What is buffered is written when the process exits.
 */
export function openLogOutput(descriptor: number | string, pretty: boolean): LogOutput {
  const stream = pino.destination({ dest: descriptor, sync: false, maxLength: MOST_BUFFERED });
  let dropped = 0;
  stream.on('drop', () => dropped++);
  // A reader that is gone (`holdfast dev | head`) is no reason to end the process.
  stream.on('error', () => dropped++);
  const format = pretty
    ? prettyFactory({
        colorize: true,
        translateTime: 'SYS:HH:MM:ss.l',
        ignore: 'pid,hostname',
        singleLine: true,
      })
    : null;
  return {
    write: (line) => void stream.write(format === null ? line : format(line)),
    flush: () => {
      try {
        stream.flushSync();
      } catch {
        // Not open yet or closed already: there is nothing that could still be written.
      }
    },
    dropped: () => dropped,
  };
}

/** `log.format`: `auto` is for people in a terminal and for machines everywhere else. */
export function isPretty(format: 'auto' | 'json' | 'pretty', isTerminal: boolean): boolean {
  return format === 'pretty' || (format === 'auto' && isTerminal);
}
