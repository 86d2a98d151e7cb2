import type { Log, Subject } from '../runtime/ports/log.ts';

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

  get follows(): boolean {
    return !this.silence.isSilent && this.log.follows;
  }

  debug(fields: object, message: string, about?: Subject): void {
    if (!this.silence.isSilent) this.log.debug(fields, message, about);
  }

  info(fields: object, message: string, about?: Subject): void {
    if (!this.silence.isSilent) this.log.info(fields, message, about);
  }

  warn(fields: object, message: string, about?: Subject): void {
    if (!this.silence.isSilent) this.log.warn(fields, message, about);
  }

  error(fields: object, message: string, about?: Subject): void {
    if (!this.silence.isSilent) this.log.error(fields, message, about);
  }

  child(fields: object): Log {
    return new SilenceableLog(this.log.child(fields), this.silence);
  }
}
