import { type ErrorCode } from '@parley/contracts';

export type OpenAiErrorType =
  | 'invalid_request_error'
  | 'authentication_error'
  | 'permission_error'
  | 'not_found_error'
  | 'rate_limit_error'
  | 'server_error';

export interface ErrorEntry {
  status: number;
  /** `type` of OpenAI's error object. */
  openaiType: OpenAiErrorType;
  /** `title` of RFC 9457 problem details. */
  title: string;
}

const entry = (status: number, openaiType: OpenAiErrorType, title: string): ErrorEntry => ({
  status,
  openaiType,
  title,
});

/** The one place where a code becomes a status. A new code does not compile without an entry. */
export const ERROR_TABLE: Readonly<Record<ErrorCode, ErrorEntry>> = {
  invalid_request: entry(400, 'invalid_request_error', 'Invalid request'),
  unsupported_parameter: entry(400, 'invalid_request_error', 'Unsupported parameter'),
  message_too_long: entry(400, 'invalid_request_error', 'Message too long'),
  context_length_exceeded: entry(400, 'invalid_request_error', 'Context length exceeded'),
  missing_credentials: entry(401, 'authentication_error', 'Credentials missing'),
  invalid_credentials: entry(401, 'authentication_error', 'Credentials invalid'),
  insufficient_scope: entry(403, 'permission_error', 'Not permitted'),
  not_found: entry(404, 'not_found_error', 'Not found'),
  model_not_found: entry(404, 'invalid_request_error', 'Model not found'),
  conflict: entry(409, 'invalid_request_error', 'Conflict'),
  idempotency_conflict: entry(409, 'invalid_request_error', 'Request at work'),
  idempotency_key_reused: entry(422, 'invalid_request_error', 'Idempotency key used for another request'),
  knowledge_base_expired: entry(410, 'invalid_request_error', 'Vector store expired'),
  file_too_large: entry(413, 'invalid_request_error', 'File too large'),
  too_many_files: entry(400, 'invalid_request_error', 'Too many files'),
  unsupported_file_type: entry(415, 'invalid_request_error', 'Unsupported file type'),
  url_refused: entry(400, 'invalid_request_error', 'Address refused'),
  rate_limit_exceeded: entry(429, 'rate_limit_error', 'Rate limit exceeded'),
  provider_error: entry(502, 'server_error', 'Language model failed'),
  provider_rate_limited: entry(503, 'server_error', 'Language model overloaded'),
  stream_interrupted: entry(502, 'server_error', 'Stream interrupted'),
  run_cancelled: entry(409, 'invalid_request_error', 'Run cancelled'),
  events_expired: entry(410, 'invalid_request_error', 'Events expired'),
  timeout: entry(504, 'server_error', 'Timed out'),
  service_unavailable: entry(503, 'server_error', 'Service unavailable'),
  internal_error: entry(500, 'server_error', 'Internal error'),
};
