/**
 * The arguments of one event, kept as the text they arrived in.
 *
 * `args` is the text of a JSON array (without the event name). Binary values stand in it as Socket.IO's
 * placeholders, `{"_placeholder":true,"num":0}`, and their bytes in `attachments[num]`. Whoever only passes a
 * body on never builds its objects.
 *
 * Source: Socket.IO protocol, "Packet encoding", binary attachments.
 */
export interface Body {
  readonly args: string;
  readonly attachments: readonly Uint8Array[];
}

export const NO_ATTACHMENTS: readonly Uint8Array[] = Object.freeze([]);
export const EMPTY_BODY: Body = Object.freeze({ args: '[]', attachments: NO_ATTACHMENTS });
