export type PayloadClass<T extends object> = new () => T;

/** A question with an answer. Lost with the broker; the caller's deadline says so. */
export interface RpcDefinition<Request extends object, Reply> {
  readonly kind: 'rpc';
  /** `owner.verb-noun.v1`; the owner's replicas share one queue. */
  readonly name: string;
  readonly request: PayloadClass<Request>;
  readonly timeoutMs: number;
  /** Carries the reply's type; never present at run time. */
  readonly reply?: Reply;
}

/** Work that must not be lost: stored in an outbox, delivered at least once. */
export interface CommandDefinition<Payload extends object> {
  readonly kind: 'command';
  readonly name: string;
  readonly payload: PayloadClass<Payload>;
}

/** A fact, told to whoever subscribes. */
export interface EventDefinition<Payload extends object> {
  readonly kind: 'event';
  readonly name: string;
  readonly payload: PayloadClass<Payload>;
}

/** A word to every instance of the owner that is there now; whoever is away misses it. */
export interface SignalDefinition<Payload extends object> {
  readonly kind: 'signal';
  readonly name: string;
  readonly payload: PayloadClass<Payload>;
}

/** Owns signals that every app takes. */
export const EVERY_APP = 'every-app';

export type MessageDefinition =
  RpcDefinition<object, unknown> | CommandDefinition<object> | EventDefinition<object> | SignalDefinition<object>;

const WIRE_NAME = /^[a-z]+(-[a-z]+)*\.[a-z]+(-[a-z]+)*\.v\d+$/;

function wireName(name: string): string {
  if (!WIRE_NAME.test(name)) throw new TypeError(`Not a wire name: ${name}`);
  return name;
}

/** The service that handles a message: the first part of its wire name. */
export function ownerOf(definition: { name: string }): string {
  return definition.name.slice(0, definition.name.indexOf('.'));
}

/** `defineRpc<Reply>()(…)` in two steps, because TypeScript infers all type arguments or none. */
export function defineRpc<Reply>() {
  return <Request extends object>(options: {
    name: string;
    request: PayloadClass<Request>;
    timeoutMs?: number;
  }): RpcDefinition<Request, Reply> => ({
    kind: 'rpc',
    name: wireName(options.name),
    request: options.request,
    timeoutMs: options.timeoutMs ?? 10_000,
  });
}

export function defineCommand<Payload extends object>(options: {
  name: string;
  payload: PayloadClass<Payload>;
}): CommandDefinition<Payload> {
  return { kind: 'command', name: wireName(options.name), payload: options.payload };
}

export function defineEvent<Payload extends object>(options: {
  name: string;
  payload: PayloadClass<Payload>;
}): EventDefinition<Payload> {
  return { kind: 'event', name: wireName(options.name), payload: options.payload };
}

export function defineSignal<Payload extends object>(options: {
  name: string;
  payload: PayloadClass<Payload>;
}): SignalDefinition<Payload> {
  return { kind: 'signal', name: wireName(options.name), payload: options.payload };
}
