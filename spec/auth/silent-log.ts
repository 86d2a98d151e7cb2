import type { Log } from '../../src/runtime/ports/log.ts';

/** Keeps warnings for a test to look at. */
export class SilentLog implements Log {
  readonly warnings: string[] = [];
  readonly follows = false;

  debug(): void {}
  info(): void {}
  warn(_fields: object, message: string): void {
    this.warnings.push(message);
  }
  error(): void {}
  child(): Log {
    return this;
  }
}
