/** Structured logging. `fields` come first, as pino has it. Never pass a token, a sid or a body. */
export interface Log {
  /** Whether more is written about some user or room: lines about single messages are built only then, at `debug`. */
  readonly follows: boolean;
  /** @param about whom the line is about: the level may be another one for them */
  debug(fields: object, message: string, about?: Subject): void;
  info(fields: object, message: string, about?: Subject): void;
  warn(fields: object, message: string, about?: Subject): void;
  error(fields: object, message: string, about?: Subject): void;
  child(fields: object): Log;
}

/** Whom a line is about, such as the socket whose message it was. */
export interface Subject {
  /** Empty for nobody who is logged in. */
  readonly user: string;
  readonly rooms: readonly string[];
}
