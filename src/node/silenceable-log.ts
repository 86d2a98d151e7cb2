import type { Log } from '../runtime/ports/log.ts';

/** Passes lines on to another log, its own and those of its children, except while `isSilent`. */
export class SilenceableLog implements Log {
  private readonly log: Log;
  private readonly silence: { isSilent: boolean };

  constructor(log: Log, silence = { isSilent: false }) {
    this.log = log;
    this.silence = silence;
  }

  set isSilent(isSilent: boolean) {
    this.silence.isSilent = isSilent;
  }

  debug(fields: object, message: string): void {
    if (!this.silence.isSilent) this.log.debug(fields, message);
  }

  info(fields: object, message: string): void {
    if (!this.silence.isSilent) this.log.info(fields, message);
  }

  warn(fields: object, message: string): void {
    if (!this.silence.isSilent) this.log.warn(fields, message);
  }

  error(fields: object, message: string): void {
    if (!this.silence.isSilent) this.log.error(fields, message);
  }

  child(fields: object): Log {
    return new SilenceableLog(this.log.child(fields), this.silence);
  }
}
