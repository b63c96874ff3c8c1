import { UseFilters } from '@nestjs/common';
import { Ctx, MessagePattern, Payload } from '@nestjs/microservices';
import {
  type CommandDefinition,
  type EventDefinition,
  type MessageDefinition,
  type RpcDefinition,
  type SignalDefinition,
} from '@parley/contracts';
import { type WorkOptions } from '../consuming/message-handler.js';
import { type MessageContext } from '../message-context.js';
import { type Outcome } from '../outcome.js';
import { RethrowFilter } from './rethrow.filter.js';

export const PARLEY_TRANSPORT = Symbol('PARLEY_TRANSPORT');

/** What the decorators leave for the strategy. */
export interface HandlerExtras {
  definition: MessageDefinition;
  options: WorkOptions;
}

type Handler<Received, Returned> = (payload: Received, context: MessageContext) => Returned | Promise<Returned>;

/** Methods are compared loosely by TypeScript; this refuses one that asks for more than the message holds. */
type Takes<Received, Method> = Method extends (payload: infer Asked, ...rest: never[]) => unknown
  ? Received extends Asked
    ? unknown
    : never
  : unknown;

type HandlerDecorator<Received, Returned> = <Method extends Handler<Received, Returned>>(
  target: object,
  key: string,
  descriptor: TypedPropertyDescriptor<Method> & Takes<Received, Method>,
) => void;

/** Answers a request: `(request, context) => reply`; a thrown DomainError reaches the caller. */
export function HandleRpc<Request extends object, Reply>(
  definition: RpcDefinition<Request, Reply>,
): HandlerDecorator<Request, Reply> {
  return handler(definition, {});
}

/** Does what a command says: `(payload, context) => Outcome`. It may be called twice for one command. */
export function HandleCommand<Payload extends object>(
  definition: CommandDefinition<Payload>,
  options: WorkOptions = {},
): HandlerDecorator<Payload, Outcome> {
  return handler(definition, options);
}

/** Reacts to a fact: `(payload, context) => Outcome`. One of the app's instances gets it, possibly twice. */
export function HandleEvent<Payload extends object>(
  definition: EventDefinition<Payload>,
  options: WorkOptions = {},
): HandlerDecorator<Payload, Outcome> {
  return handler(definition, options);
}

/** Reacts to a signal: `(payload, context) => void`. Every instance of the app gets it, at most once. */
export function HandleSignal<Payload extends object>(
  definition: SignalDefinition<Payload>,
): HandlerDecorator<Payload, void> {
  return handler(definition, {});
}

function handler(definition: MessageDefinition, options: WorkOptions) {
  const extras: HandlerExtras = { definition, options };
  return (target: object, key: string, descriptor: PropertyDescriptor): void => {
    Payload()(target, key, 0);
    Ctx()(target, key, 1);
    UseFilters(new RethrowFilter())(target, key, descriptor);
    MessagePattern(definition.name, PARLEY_TRANSPORT, extras)(target, key, descriptor);
  };
}
