import { type OpenAPIObject } from '@nestjs/swagger';
import { ERROR_CODES } from '@parley/contracts';
import { ERROR_TABLE } from './error-table.js';
import { operationsOf } from './openapi-operations.js';

type Schema = NonNullable<NonNullable<OpenAPIObject['components']>['schemas']>[string];

const code: Schema = { type: 'string', enum: [...ERROR_CODES], description: 'Stable: clients may branch on it' };
const param = { type: 'string', nullable: true, description: 'The field at fault: `messages.0.role`' } satisfies Schema;

const SCHEMAS: Record<string, Schema> = {
  OpenAiError: {
    type: 'object',
    required: ['error'],
    properties: {
      error: {
        type: 'object',
        required: ['message', 'type', 'param', 'code'],
        properties: {
          message: { type: 'string' },
          type: { type: 'string', enum: [...new Set(Object.values(ERROR_TABLE).map(({ openaiType }) => openaiType))] },
          param,
          code,
        },
      },
    },
  },
  Problem: {
    type: 'object',
    description: 'RFC 9457',
    required: ['type', 'title', 'status', 'detail', 'code', 'request_id'],
    properties: {
      type: { type: 'string', example: 'urn:parley:error:not_found' },
      title: { type: 'string' },
      status: { type: 'integer' },
      detail: { type: 'string' },
      code,
      param: { ...param, nullable: false },
      request_id: { type: 'string' },
    },
  },
};

/** Says in which of the two shapes a route's errors come. */
export function documentErrors(document: OpenAPIObject): void {
  document.components = { ...document.components, schemas: { ...document.components?.schemas, ...SCHEMAS } };
  for (const { path, operation } of operationsOf(document)) {
    const [name, mediaType] = path.startsWith('/v1/')
      ? ['OpenAiError', 'application/json']
      : ['Problem', 'application/problem+json'];
    operation.responses.default = {
      description: 'An error',
      content: { [mediaType]: { schema: { $ref: `#/components/schemas/${name}` } } },
    };
  }
}
