import { type ConsumeMessage, type Options } from 'amqplib';
import { DomainError, TenantContext, type TenantContextFields } from '@parley/contracts';
import { requestScope } from '@parley/observability';
import { v7 as uuidv7 } from 'uuid';

const TENANT = 'x-tenant';
const REQUEST_ID = 'x-request-id';
const TRACEPARENT = 'traceparent';
const DEADLINE = 'x-deadline';
const ATTEMPT = 'x-attempt';
/** Counted by quorum queues: deliveries that ended without an answer. */
const DELIVERY_COUNT = 'x-delivery-count';

export interface EnvelopeFields {
  tenant: TenantContext;
  messageId: string;
  requestId: string;
  traceparent?: string | undefined;
  /** When the sender stops waiting. */
  deadline?: Date | null;
  /** From 1. */
  attempt?: number;
}

/** What travels beside the payload. */
export interface Envelope extends EnvelopeFields {
  deadline: Date | null;
  attempt: number;
  redelivered: boolean;
}

/** The ids of the request being worked on, or a new request id where work starts by itself. */
export function ambientIds(): { requestId: string; traceparent: string | undefined } {
  return { requestId: requestScope.requestId ?? uuidv7(), traceparent: requestScope.traceparent };
}

export function toProperties(envelope: EnvelopeFields): Options.Publish & { messageId: string } {
  const headers: Record<string, string | number> = {
    [TENANT]: JSON.stringify(envelope.tenant),
    [REQUEST_ID]: envelope.requestId,
    [ATTEMPT]: envelope.attempt ?? 1,
  };
  if (envelope.traceparent) headers[TRACEPARENT] = envelope.traceparent;
  if (envelope.deadline) headers[DEADLINE] = envelope.deadline.getTime();
  return { messageId: envelope.messageId, contentType: 'application/json', headers };
}

/** @throws DomainError `invalid_request` when a header is missing or malformed. */
export function readEnvelope(message: ConsumeMessage): Envelope {
  const headers: Record<string, unknown> = message.properties.headers ?? {};
  const { messageId } = message.properties;
  if (typeof messageId !== 'string' || messageId === '') throw invalid('A message needs an id.');
  const deadline = headers[DEADLINE];
  return {
    tenant: readTenant(headers[TENANT]),
    messageId,
    requestId: text(headers[REQUEST_ID]) ?? messageId,
    traceparent: text(headers[TRACEPARENT]),
    deadline: typeof deadline === 'number' ? new Date(deadline) : null,
    attempt: count(headers[ATTEMPT], 1) + count(headers[DELIVERY_COUNT], 0),
    redelivered: message.fields.redelivered === true,
  };
}

/** @throws DomainError `invalid_request` */
export function readBody(message: ConsumeMessage): unknown {
  try {
    return JSON.parse(message.content.toString('utf8'));
  } catch (error) {
    throw new DomainError('invalid_request', 'The message is not JSON.', { cause: error });
  }
}

function readTenant(header: unknown): TenantContext {
  try {
    return TenantContext.of(JSON.parse(String(header)) as TenantContextFields);
  } catch (error) {
    throw new DomainError('invalid_request', 'A message needs a tenant.', { cause: error });
  }
}

function text(header: unknown): string | undefined {
  return typeof header === 'string' && header !== '' ? header : undefined;
}

function count(header: unknown, fallback: number): number {
  return typeof header === 'number' && Number.isInteger(header) && header >= 0 ? header : fallback;
}

function invalid(message: string): DomainError {
  return new DomainError('invalid_request', message);
}
