import { z } from 'zod';
import { durationAdvice, formatDuration, parseDuration } from './duration.ts';
import { type HttpHeader, parseHttpHeader } from './http-header.ts';
import { formatListenAddress, type ListenAddress, parseListenAddress } from './listen-address.ts';
import { type PushToken, parsePushToken } from './push-token.ts';
import { formatSize, parseSize } from './size.ts';

/**
 * A kind of configuration value: how it is read from a flag, a variable or a file, and how it is printed.
 * `schema` takes what was found there (text, or what YAML made of it). Its messages say what would be right and
 * never repeat the value, because some values are secrets.
 */
export interface ValueKind<T> {
  /** Name in the reference page. */
  readonly name: string;
  /** Unit of the value in `Config`; empty when it has none. */
  readonly unit: string;
  readonly schema: z.ZodType<T>;
  /** The value as it would be written in a file, without quotes. */
  readonly format: (value: T) => string;
  readonly isList: boolean;
  readonly isSwitch: boolean;
}

type Read<T> = { readonly value: T } | { readonly wrong: string };

function kind<T>(name: string, unit: string, read: (text: string) => Read<T>, format: (value: T) => string) {
  return {
    name,
    unit,
    schema: fromText(read),
    format,
    isList: false,
    isSwitch: false,
  } satisfies ValueKind<T>;
}

/** Numbers and booleans of a file are read as the text that stood there; lists and sections are refused. */
function fromText<T>(read: (text: string) => Read<T>): z.ZodType<T> {
  return z.unknown().transform((raw, context) => {
    const plain = typeof raw === 'string' || typeof raw === 'number' || typeof raw === 'boolean';
    const result: Read<T> = plain ? read(String(raw)) : { wrong: 'is not a single value' };
    if ('value' in result) return result.value;
    context.issues.push({ code: 'custom', message: result.wrong, input: raw });
    return z.NEVER;
  });
}

export const duration: ValueKind<number> = kind<number>(
  'duration',
  'ms',
  (text) => {
    const value = parseDuration(text);
    return value === null ? { wrong: durationAdvice(text) } : { value };
  },
  formatDuration,
);

/** A duration that may not be zero: something waits for it. */
export const wait: ValueKind<number> = {
  ...duration,
  schema: duration.schema.refine((value) => value > 0, 'must be longer than 0'),
};

/** A size within limits (bytes). */
export function size(least = 1, most = 2 ** 30): ValueKind<number> {
  return kind<number>(
    'size',
    'bytes',
    (text) => {
      const value = parseSize(text);
      if (value === null) {
        return {
          wrong: 'is not a size; write bytes or a number with KB, MB, GB, KiB, MiB or GiB, such as 1MB',
        };
      }
      const wrong = `must be from ${formatSize(least)} to ${formatSize(most)}`;
      return value >= least && value <= most ? { value } : { wrong };
    },
    formatSize,
  );
}

export function integer(least: number, most: number, unit = ''): ValueKind<number> {
  const wrong = `must be a whole number from ${least} to ${most}`;
  return kind<number>(
    'integer',
    unit,
    (text) => {
      const value = /^\d{1,15}$/.test(text.trim()) ? Number(text) : -1;
      return value >= least && value <= most ? { value } : { wrong };
    },
    String,
  );
}

export const fraction: ValueKind<number> = kind<number>(
  'fraction',
  '',
  (text) => {
    const value = /^\d{1,3}(?:\.\d{1,9})?$/.test(text.trim()) ? Number(text) : -1;
    return value >= 0 && value <= 1 ? { value } : { wrong: 'must be a number from 0 to 1, such as 0.01' };
  },
  String,
);

export const toggle: ValueKind<boolean> = {
  ...kind<boolean>(
    'boolean',
    '',
    (text) => {
      if (text === 'true' || text === 'false') return { value: text === 'true' };
      return { wrong: 'must be true or false' };
    },
    String,
  ),
  isSwitch: true,
};

export function choice<const T extends string>(...options: readonly T[]): ValueKind<T> {
  const wrong = `must be one of ${options.join(', ')}`;
  return kind<T>(
    options.join(' | '),
    '',
    (text) => {
      const value = options.find((option) => option === text.trim());
      return value === undefined ? { wrong } : { value };
    },
    (value) => value,
  );
}

export const listenAddress: ValueKind<ListenAddress> = kind<ListenAddress>(
  'host:port',
  '',
  (text) => {
    const value = parseListenAddress(text);
    return value === null
      ? {
          wrong:
            'is not an address to listen on; write host:port, such as 127.0.0.1:8080, :8080 or [::1]:8080',
        }
      : { value };
  },
  formatListenAddress,
);

/** Text, as it stands; `fits` limits it. A number in a file needs quotes, or its leading zeros would vanish. */
export function text(
  name = 'text',
  fits: (value: string) => boolean = () => true,
  wrong = '',
): ValueKind<string> {
  const schema = z
    .unknown()
    .refine((raw) => typeof raw === 'string', { error: 'must be text; put it in quotes', abort: true })
    .transform((raw) => String(raw))
    .refine(fits, wrong);
  return { name, unit: '', schema, format: (value) => value, isList: false, isSwitch: false };
}

/** An absolute URL with one of `schemes` (without colon). Empty means none. */
export function url(...schemes: readonly string[]): ValueKind<string> {
  return kind<string>('URL', '', urlReader(schemes), (value) => value);
}

/** A URL with several hosts, separated by commas, where others have one. */
export function urlOfHosts(...schemes: readonly string[]): ValueKind<string> {
  const read = urlReader(schemes);
  return kind<string>(
    'URL',
    '',
    (value) => {
      const withOne = read(value.replace(/,[^/@]*(?=\/|$)/, ''));
      return 'wrong' in withOne ? withOne : { value };
    },
    (value) => value,
  );
}

function urlReader(schemes: readonly string[]): (value: string) => Read<string> {
  const wrong = `must be a URL that starts with ${schemes.map((scheme) => `${scheme}://`).join(' or ')}`;
  return (value) => {
    if (value === '') return { value };
    const parsed = URL.canParse(value) ? new URL(value) : null;
    if (parsed === null || !schemes.includes(parsed.protocol.slice(0, -1))) return { wrong };
    if (/[\s#]/.test(value)) return { wrong: 'must not contain spaces or #' };
    return { value };
  };
}

export const pushToken: ValueKind<PushToken> = kind<PushToken>(
  'name:secret',
  '',
  (value) => {
    const token = parsePushToken(value);
    return token === null
      ? { wrong: 'must be name:secret, the name of A-Z a-z 0-9 . _ -, the secret without spaces or commas' }
      : { value: token };
  },
  ({ name, secret }) => `${name}:${secret}`,
);

export const httpHeader: ValueKind<HttpHeader> = kind<HttpHeader>(
  'name:value',
  '',
  (text) => {
    const header = parseHttpHeader(text);
    return header === null
      ? { wrong: 'must be name:value, as in an HTTP request; a value with a comma needs a list in a file' }
      : { value: header };
  },
  ({ name, value }) => `${name}:${value}`,
);

/** A list of `element`: a sequence in a file, separated by commas in a flag or variable. */
export function list<T>(element: ValueKind<T>): ValueKind<readonly T[]> {
  const schema = z
    .unknown()
    .transform((raw): readonly unknown[] => {
      if (Array.isArray(raw)) return raw;
      if (raw === '') return [];
      return typeof raw === 'string' ? raw.split(',').map((item) => item.trim()) : [raw];
    })
    .pipe(z.array(element.schema)) as z.ZodType<readonly T[]>;
  return {
    name: `list of ${element.name}`,
    unit: '',
    schema,
    format: (values) => values.map(element.format).join(','),
    isList: true,
    isSwitch: false,
  };
}
