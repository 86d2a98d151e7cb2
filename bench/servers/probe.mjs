// Preloaded (`node --import`) into every server that is measured, so that all are read by the same ruler. It does
// nothing until the parent asks over the IPC channel.
import { writeFileSync } from 'node:fs';
import { Session } from 'node:inspector';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { isMainThread } from 'node:worker_threads';

/** Milliseconds between two looks at the clock; what a loop without any delay would show. */
const RESOLUTION = 1;
let delay;
let profiler;

const answers = {
  /** Microseconds of CPU of the whole process, all threads. */
  cpu: () => process.cpuUsage(),
  rss: () => ({ rss: process.memoryUsage.rss(), heapUsed: process.memoryUsage().heapUsed }),
  gc: () => {
    globalThis.gc({ type: 'major', execution: 'sync', flavor: 'last-resort' });
    return {};
  },
  delayStart: () => {
    delay = monitorEventLoopDelay({ resolution: RESOLUTION });
    delay.enable();
    return {};
  },
  delayStop: () => {
    delay.disable();
    const beyond = (nanoseconds) => Math.max(0, nanoseconds / 1e6 - RESOLUTION);
    return { p50: beyond(delay.percentile(50)), p99: beyond(delay.percentile(99)), max: beyond(delay.max) };
  },
  profileStart: () => {
    profiler = new Session();
    profiler.connect();
    profiler.post('Profiler.enable');
    profiler.post('Profiler.setSamplingInterval', { interval: 200 });
    profiler.post('Profiler.start');
    return {};
  },
  profileStop: ({ file }) => {
    profiler.post('Profiler.stop', (error, result) => {
      if (error) throw error;
      writeFileSync(file, JSON.stringify(result.profile));
    });
    profiler.disconnect();
    return {};
  },
};

if (isMainThread && process.send) {
  process.on('message', (question) => {
    if (Object.hasOwn(answers, question?.ask))
      process.send({ id: question.id, answer: answers[question.ask](question) });
  });
  process.channel.unref();
}
