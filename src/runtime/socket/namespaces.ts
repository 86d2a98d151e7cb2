import { Namespace } from './namespace.ts';

/** Longest name that a pattern takes: names come from clients and stay in memory as long as somebody is in there. */
const MAX_NAME = 255;

/**
 * The namespaces of this node. Which names exist is configuration (`socketio.namespaces`): literal names, or
 * patterns in which `*` stands for any characters but `/`. A namespace object is made when its first socket
 * comes and dropped when its last one has gone, so that clients cannot fill memory with names.
 */
export class Namespaces {
  private readonly live = new Map<string, Namespace>();
  private readonly literal = new Set<string>();
  private readonly patterns: readonly RegExp[];

  constructor(allowed: readonly string[]) {
    const patterns: RegExp[] = [];
    for (const entry of allowed) {
      if (entry.includes('*')) patterns.push(patternOf(entry));
      else this.literal.add(entry);
    }
    this.patterns = patterns;
  }

  isAllowed(name: string): boolean {
    return (
      this.literal.has(name) ||
      (name.length <= MAX_NAME && this.patterns.some((pattern) => pattern.test(name)))
    );
  }

  /** The namespace if anybody is in it. */
  find(name: string): Namespace | undefined {
    return this.live.get(name);
  }

  /** The namespace for one more socket, made if needed. Ask `isAllowed` first; to be followed by `release`. */
  open(name: string): Namespace {
    let namespace = this.live.get(name);
    if (namespace === undefined) {
      namespace = new Namespace(name);
      this.live.set(name, namespace);
    }
    namespace.holders++;
    return namespace;
  }

  /** A socket that `open` was called for is gone, whether it had entered or not. */
  release(namespace: Namespace): void {
    if (--namespace.holders === 0) this.live.delete(namespace.name);
  }

  all(): Iterable<Namespace> {
    return this.live.values();
  }

  roomCount(): number {
    let rooms = 0;
    for (const namespace of this.live.values()) rooms += namespace.rooms.size;
    return rooms;
  }
}

function patternOf(entry: string): RegExp {
  const escaped = entry.split('*').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${escaped.join('[^/]*')}$`);
}
